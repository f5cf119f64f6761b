import { ShutdownError, StoreError } from "../../src/core/errors.ts";
import type { Change, Claim, ClaimRequest, Store } from "../../src/core/store.ts";
import type { Actor, Scheduler } from "./scheduler.ts";

/** What becomes of a call: served, refused before it had an effect, or served without its answer. */
export type Fate = "serve" | "refuse" | "lose";

export interface WireOptions {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly actor: Actor;
  readonly fate: (method: string) => Fate;
  /** Whether the next wake-up gets lost. */
  readonly isWakeLost: () => boolean;
  /** Told of every answer that its process hears, when it does. */
  readonly onAnswer: (method: string, args: readonly unknown[], answer: unknown) => void;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** A call that has arrived at the store. */
interface Served {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly serve: Method;
  /** Whether its answer will arrive. */
  readonly isHeard: boolean;
  /** Puts off what the caller is told, until it is heard. */
  readonly hear: (what: string, tell: () => void) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The way of one process to the store and back: that a call arrives and that its answer does are points of their own, in
 * between which anything may happen.
 */
export class Wire {
  readonly #options: WireOptions;
  /** Calls that were sent and have not arrived. */
  readonly #sent = new Set<(isHeard: boolean) => void>();
  readonly #parked = new Set<AbortController>();
  readonly #listeners = new Set<Parameters<Store["onChange"]>[0]>();
  #news: { readonly changes: Set<Change>; isOwn: boolean } | undefined;
  #stopListening: (() => void) | undefined;
  #unanswered = 0;
  #onQuiet: (() => void) | undefined;
  #isClosed = false;
  readonly store: Store;

  constructor(options: WireOptions) {
    this.#options = options;
    const own: Partial<Store> = {
      claim: (request, wait) => this.#claim(request, wait),
      onChange: (listener) => this.#listen(listener),
      close: () => this.#close(),
    };
    const methods = new Map<string | symbol, unknown>(Object.entries(own));
    this.store = new Proxy(options.store, {
      get: (target, name) => {
        const known = methods.get(name);
        if (known !== undefined) return known;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        const call = (...args: readonly unknown[]): unknown => this.#call(String(name), args, value as Method);
        methods.set(name, call);
        return call;
      },
    });
  }

  /**
   * The process has died: it hears of nothing any more, and what it sent may arrive or not.
   * @param isDelivered says so of one call
   * @param onArrived told of each that has arrived after all
   * @returns how many will
   */
  cut(isDelivered: () => boolean, onArrived: () => void): number {
    const { scheduler, actor } = this.#options;
    this.#isClosed = true;
    this.#stopListening?.();
    const delivered = [...this.#sent].filter(isDelivered);
    for (const arrive of delivered) {
      scheduler.later(scheduler.world, "orphan", `gets a call of ${actor.name}`, () => {
        arrive(false);
        // It is committed in the next turn.
        scheduler.nextTurn(scheduler.world, onArrived);
      });
    }
    for (const parked of this.#parked) {
      scheduler.later(scheduler.world, "orphan", `notices that ${actor.name} is gone`, () => parked.abort());
    }
    return delivered.length;
  }

  #call(method: string, args: readonly unknown[], serve: Method): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new ShutdownError("the store is closed"));
    const { scheduler, actor, fate } = this.#options;
    this.#unanswered += 1;
    return new Promise((resolve, reject) => {
      const hear = (what: string, tell: () => void): void => {
        if (!actor.isAlive) return;
        scheduler.later(actor, "answer", `hears ${what} to ${method}`, () => {
          tell();
          this.#unanswered -= 1;
          if (this.#unanswered === 0) this.#onQuiet?.();
        });
      };
      const arrive = (isHeard: boolean): void => {
        this.#sent.delete(arrive);
        const chosen = isHeard ? fate(method) : "serve";
        if (chosen === "refuse") {
          hear("a refusal", () => reject(unavailable(method)));
          return;
        }
        void this.#serve({ method, args, serve, isHeard: chosen === "serve", hear, resolve, reject });
      };
      this.#sent.add(arrive);
      scheduler.later(actor, "call", `asks to ${method}`, () => arrive(true));
    });
  }

  async #serve({ method, args, serve, isHeard, hear, resolve, reject }: Served): Promise<void> {
    try {
      const value = await serve(...args);
      if (!isHeard) hear("nothing", () => reject(unavailable(method)));
      else
        hear("an answer", () => {
          this.#options.onAnswer(method, args, value);
          resolve(value);
        });
    } catch (error) {
      hear("an error", () => reject(error));
    }
  }

  async #claim(request: ClaimRequest, wait: AbortSignal | undefined): Promise<readonly Claim[]> {
    const { store, scheduler, actor } = this.#options;
    const serve = (...args: readonly unknown[]): Promise<unknown> =>
      store.claim(...(args as Parameters<Store["claim"]>));
    if (wait === undefined) return this.#call("claim", [request], serve) as Promise<readonly Claim[]>;
    const parked = new AbortController();
    this.#parked.add(parked);
    const onAbort = (): void =>
      void scheduler.later(actor, "call", "asks to end its wait for tickets", () => parked.abort());
    if (wait.aborted) parked.abort();
    else wait.addEventListener("abort", onAbort);
    try {
      return (await this.#call("claim", [request, parked.signal], serve)) as readonly Claim[];
    } finally {
      this.#parked.delete(parked);
      wait.removeEventListener("abort", onAbort);
    }
  }

  #listen(listener: Parameters<Store["onChange"]>[0]): () => void {
    this.#listeners.add(listener);
    this.#stopListening ??= this.#options.store.onChange((changes, isOwn) => this.#hear(changes, isOwn));
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
  }

  /** Several that are on their way arrive as one. */
  #hear(changes: ReadonlySet<Change>, isOwn: boolean): void {
    const { scheduler, actor, isWakeLost } = this.#options;
    if (isWakeLost()) return;
    if (this.#news !== undefined) {
      for (const change of changes) this.#news.changes.add(change);
      this.#news.isOwn &&= isOwn;
      return;
    }
    const news = { changes: new Set(changes), isOwn };
    this.#news = news;
    scheduler.later(actor, "news", "hears of changes", () => {
      this.#news = undefined;
      for (const listener of this.#listeners) listener(news.changes, news.isOwn);
    });
  }

  /** Calls that wait are answered first. */
  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening?.();
    for (const parked of this.#parked) parked.abort();
    if (this.#unanswered > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
  }
}

function unavailable(method: string): StoreError {
  return new StoreError("store_unavailable", `the store could not be reached to ${method}`);
}
