import type { Clock, Random } from "../core/clock.ts";
import type { Claim, ClaimRequest, Store } from "../core/store.ts";
import { Loop } from "./loop.ts";

/** Should a wake-up get lost, this is how late a job can start. */
const BACKSTOP_MS = 2_000;

export interface ClaimerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly request: Omit<ClaimRequest, "max">;
  /** How many more could be taken now. */
  readonly free: () => number;
  /** Jobs claimed ahead; they are fetched again when half of them are used up, so that claims stay large. */
  readonly prefetch: number;
  /** @param trustedSince when the call began, on the monotonic clock */
  readonly take: (claims: readonly Claim[], trustedSince: number) => void;
  readonly onDry: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Claims at most the free slots. When there is nothing, the claim waits inside the store, which can then write and
 * claim a job in one go; wake-ups and, behind them, the poll end the wait.
 *
 *   parked ── wake or poll ──► claiming ── as many as asked ──► fed ── slots free again ──► claiming
 *     ▲  └─── tickets ───► fed     │
 *     └────── fewer than asked ────┘
 */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #loop: Loop;
  #isDry = false;
  #wakeCount = 0;
  #isQueued = false;
  #isStopped = false;
  #parked: AbortController | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    const { clock, random, onError } = options;
    this.#loop = new Loop({ clock, random, everyMs: BACKSTOP_MS, run: () => this.#claim(), onError });
  }

  /** The last claim brought all there was. */
  get isDry(): boolean {
    return this.#isDry;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#parked?.abort();
    await this.#loop.stop();
  }

  /** There may be tickets. */
  wake(): void {
    this.#isDry = false;
    this.#wakeCount += 1;
    this.#parked?.abort();
    this.#loop.wake();
  }

  /** A slot is free. All that become free in this turn are filled by one claim in the next. */
  slotFreed(): void {
    if (this.#isDry || this.#isQueued) return;
    this.#isQueued = true;
    setImmediate(() => {
      this.#isQueued = false;
      this.#loop.wake();
    });
  }

  async #claim(): Promise<number | undefined> {
    const { store, request, clock, prefetch, free } = this.#options;
    const max = free();
    if (max < 1 || max < prefetch / 2) return undefined;
    const since = clock.monotonic();
    const wakeCount = this.#wakeCount;
    const claims = await store.claim({ ...request, max });
    // Woken meanwhile: there may be tickets by now that this claim came too early for.
    this.#isDry = claims.length < max && wakeCount === this.#wakeCount;
    if (claims.length > 0) this.#options.take(claims, since);
    if (!this.#isDry) return undefined;
    this.#options.onDry();
    return this.#park(free());
  }

  /** Answers how soon to look again. */
  async #park(max: number): Promise<number | undefined> {
    if (max < 1 || this.#isStopped) return undefined;
    const { store, request, clock } = this.#options;
    const parked = new AbortController();
    this.#parked = parked;
    // The lease counts from the beginning of the wait, for all that we know; it must not be used up by it.
    const limit = clock.after(Math.min(BACKSTOP_MS, request.leaseMs / 4), () => parked.abort());
    const since = clock.monotonic();
    try {
      const claims = await store.claim({ ...request, max }, parked.signal);
      if (claims.length > 0) this.#options.take(claims, since);
      return 0;
    } finally {
      this.#parked = undefined;
      limit.cancel();
    }
  }
}
