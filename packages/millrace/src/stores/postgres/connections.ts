import { Client, Pool, type ClientBase, type ClientConfig, type PoolClient, type PoolOptions } from "pg";
import { ShutdownError, StoreError } from "../../core/errors.ts";
import type { Address } from "./address.ts";
import { codeOf, isWorthRepeating } from "./errors.ts";

/** How long a connection may take to be made. */
const CONNECT_LIMIT_MS = 3_000;
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 250;
/** A lock that somebody holds is given up on a little before the statement is. */
const LOCK_LIMIT_MS = 4_000;
export const STATEMENT_LIMIT_MS = 5_000;
export const BULK_LIMIT_MS = 10_000;
/**
 * Whoever falls silent in the middle of a transaction, because it is stopped, its event loop is blocked or its network is
 * gone, holds what it has locked no longer than this: a rescue of its jobs passes over what is locked.
 */
const SILENCE_LIMIT_MS = 1_500;
/** A server that has not answered by then will not: it cancels by itself before. */
const ANSWER_MARGIN_MS = 500;

/**
 * What holds for every statement of ours. Tables that are empty now hold a million tickets in a minute, and a plan made
 * in between would read through all of them; so no plan reads a table through where an index leads in, and every join
 * looks up row by row what it needs.
 */
export const SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: String(STATEMENT_LIMIT_MS),
  lock_timeout: String(LOCK_LIMIT_MS),
  idle_in_transaction_session_timeout: String(SILENCE_LIMIT_MS),
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  jit: "off",
  plan_cache_mode: "force_generic_plan",
  synchronous_commit: "on",
};

/**
 * Connections to the server, made when needed and kept while used. A call that finds none waits for one, and while the
 * server is away for it to come back, within the call's bound.
 */
export class Connections {
  readonly place: string;
  /** Whether connections are ours alone: set up by us, and written to without waiting for each answer. */
  readonly isOwn: boolean;
  readonly #pool: Pool;
  readonly #address: Address | undefined;
  #host = 0;
  #breakCount = 0;
  readonly #madeAt = new WeakMap<PoolClient, number>();
  /** When a connection last gave no answer, on the monotonic clock. */
  #silentAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor(place: string, pool: Pool, address: Address | undefined, isOwn: boolean) {
    this.place = place;
    this.#pool = pool;
    this.#address = address;
    this.isOwn = isOwn;
    // A connection that breaks while idle is replaced by the next call that needs one.
    pool.on("error", () => (this.#breakCount += 1));
    // One that breaks while it is handed over has nobody else who listens, and would end the program.
    pool.on("connect", (client) => client.on("error", ignore));
  }

  /** Connections of our own to an address. */
  static to(address: Address): Connections {
    const isOwn = !address.isPooled;
    // The pool asks for a class; which host a connection goes to is decided when it is made.
    const nextConfig = (): ClientConfig => connections.configOfHost();
    class HostClient extends Client {
      constructor() {
        super(nextConfig());
      }
    }
    const pool = new Pool({
      max: address.max,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      Client: HostClient,
      ...(address.needsWrites
        ? { verify: (client: ClientBase, done: (error?: Error) => void) => void refuseStandby(client, done) }
        : {}),
    });
    const connections = new Connections(placeOf(address), pool, address, isOwn);
    return connections;
  }

  /** The user's pool, which stays theirs. */
  static of(pool: Pool): Connections {
    const { host = "localhost", database = "" } = pool.options;
    return new Connections(`${host}/${database}`, pool, undefined, false);
  }

  /** How often a connection broke. After one did, the server may have crashed, and forgotten what was not on its disk. */
  get breakCount(): number {
    return this.#breakCount;
  }

  /** How to connect to the host that is tried next. */
  configOfHost(): ClientConfig {
    const hosts = this.#address?.hosts ?? [];
    const config = hosts[this.#host % hosts.length] ?? {};
    const limited = { connectionTimeoutMillis: CONNECT_LIMIT_MS, ...config };
    return this.isOwn ? ownConfig(limited) : { application_name: "millrace", keepAlive: true, ...limited };
  }

  /**
   * A connection that is not one of the pool's, for who listens; `undefined` where nobody can.
   * @param begin what is said to the server before it is handed over
   */
  async openListener(begin: (client: Client) => Promise<unknown>): Promise<Client | undefined> {
    if (this.#address?.isPooled === true) return undefined;
    const config = this.#address === undefined ? configOfPool(this.#pool) : this.configOfHost();
    const client = new Client({ ...config, connectionTimeoutMillis: CONNECT_LIMIT_MS, pipeline: true });
    client.on("error", ignore);
    const timer = setTimeout(() => destroy(client), 2 * CONNECT_LIMIT_MS);
    try {
      await client.connect();
      if (this.#address?.needsWrites === true) await requireWrites(client);
      await begin(client);
      return client;
    } catch (error) {
      this.#host += 1;
      destroy(client);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** How a thread of this process reaches the server; `undefined` when that cannot be written down. */
  get plainConfig(): ClientConfig | undefined {
    const config = this.#address === undefined ? configOfPool(this.#pool) : this.configOfHost();
    try {
      return structuredClone({ ...config });
    } catch {
      return undefined;
    }
  }

  /**
   * Do something on a connection. When the server is away or refuses for a moment, it is tried again until the bound;
   * what was sent already is sent again only if that is harmless.
   * @param work is told how long ago it was first sent, in milliseconds, when nobody heard what became of it; or 0
   * @param limitMs for the statements; waiting for a connection takes at most as long again
   * @throws what the driver throws, in the end
   */
  async use<T>(
    work: (client: ClientBase, sentMsAgo: number) => Promise<T>,
    { limitMs, isRepeatable }: { readonly limitMs: number; readonly isRepeatable: boolean },
  ): Promise<T> {
    const deadline = performance.now() + STATEMENT_LIMIT_MS;
    let reason: Error | undefined;
    let lostAt: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      let sentAt: number | undefined;
      try {
        if (this.#isClosed) throw new ShutdownError("the store is closed");
        const client = await this.#connect(deadline);
        // What the last one was refused for says more than that none came in time.
        if (client === undefined) throw reason ?? noneFree(this.place);
        const now = (sentAt = performance.now());
        return await this.#on(client, (each) => work(each, lostAt === undefined ? 0 : now - lostAt), limitMs);
      } catch (error) {
        const again = isWorthRepeating(error);
        if (again === "when it is back") this.#breakCount += 1;
        if (sentAt === undefined) this.#host += 1;
        else if (again === "when it is back") lostAt ??= sentAt;
        const isHarmless = sentAt === undefined || isRepeatable || again === "at once";
        if (again === undefined || !isHarmless || performance.now() > deadline) throw error;
        reason = error as Error;
        await pause(again === "at once" ? Math.random() * FIRST_PAUSE_MS : pauseMs);
      }
    }
  }

  /** A connection of the pool, unless none comes by the deadline; one that comes later is handed back. */
  async #connect(deadline: number): Promise<PoolClient | undefined> {
    const connecting = this.#trusted();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      const limitMs = Math.max(0, deadline - performance.now());
      timer = setTimeout(() => {
        connecting.then((client) => client.release(), ignore);
        resolve(undefined);
      }, limitMs);
    });
    try {
      return await Promise.race([connecting, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A connection that was made after the last one fell silent. Those made before it are likely to be as dead, and each
   * would be found out by a call that waits in vain.
   */
  async #trusted(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      const madeAt = this.#madeAt.get(client);
      if (madeAt === undefined) this.#madeAt.set(client, performance.now());
      if (madeAt === undefined || madeAt > this.#silentAt || this.#address === undefined) return client;
      client.release(true);
    }
  }

  async #on<T>(client: PoolClient, work: (client: ClientBase) => Promise<T>, limitMs: number): Promise<T> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#silentAt = performance.now();
      this.#breakCount += 1;
      destroy(client);
    }, limitMs + ANSWER_MARGIN_MS);
    // A connection that breaks between two statements says why here, and to the next statement only that it is broken.
    let lastWords: unknown;
    const hear = (error: unknown): void => void (lastWords ??= error);
    client.on("error", hear);
    let failure: unknown;
    try {
      return await work(client);
    } catch (error) {
      failure = isLate
        ? new StoreError("store_unavailable", `${this.place}: no answer within ${limitMs} ms`, { cause: error })
        : (lastWords ?? error);
      throw failure;
    } finally {
      clearTimeout(timer);
      client.off("error", hear);
      client.release(isLate || (failure !== undefined && isWorn(failure, client)));
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#address !== undefined) await this.#pool.end();
  }
}

const ignore = (): void => undefined;

function noneFree(place: string): StoreError {
  return new StoreError("store_busy", `${place}: no connection was free for ${STATEMENT_LIMIT_MS} ms`);
}

/** Whether the connection should not be used again. */
function isWorn(error: unknown, client: PoolClient): boolean {
  if (isWorthRepeating(error) === "when it is back") return true;
  return codeOf(error) === "" || client.getTransactionStatus() !== "I";
}

function ownConfig(config: ClientConfig): ClientConfig {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
  const options = [config.options, ...settings].filter((each) => each !== undefined).join(" ");
  return {
    application_name: "millrace",
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
    ...config,
    options,
    pipeline: true,
  };
}

/** How the user's pool connects; its options hold all that a client takes. */
function configOfPool(pool: Pool): ClientConfig {
  const { Client: _, log: __, ...config } = pool.options as PoolOptions & { readonly log?: unknown };
  return { ...config, password: pool.options.password };
}

function placeOf({ hosts }: Address): string {
  const names = hosts.map(({ host = "localhost", port }) => (port === undefined ? host : `${host}:${port}`));
  return `${names.join(",")}/${hosts[0]?.database ?? ""}`;
}

/** Refuses a connection that takes no writes, and one that was made and then says nothing any more. */
async function refuseStandby(client: ClientBase, done: (error?: Error) => void): Promise<void> {
  const timer = setTimeout(() => destroy(client), CONNECT_LIMIT_MS);
  try {
    await requireWrites(client);
    done();
  } catch (error) {
    done(error as Error);
  } finally {
    clearTimeout(timer);
  }
}

/** A promoted server takes writes on new connections; an old primary that has come back as a standby does not. */
async function requireWrites(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
  if (rows[0]?.transaction_read_only !== "on") return;
  throw Object.assign(new Error("the server takes no writes"), { code: "25006" });
}

/** Ends a connection without a word: there may be nobody at the other end. */
export function destroy(client: ClientBase): void {
  (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
