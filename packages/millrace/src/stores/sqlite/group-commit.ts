import { ShutdownError } from "../../core/errors.ts";
import type { Change } from "../../core/store.ts";
import { isBusy, translate } from "./errors.ts";
import { writeJournal } from "./events.ts";
import type { Session } from "./session.ts";

/** How long a call may wait for the write lock of another process. */
const BUSY_LIMIT_MS = 5_000;
/** On a machine that is out of breath the time may pass without a try; then it is not the lock that is to blame. */
const LEAST_TRIES = 5;
const BUSY_RETRY_MS = 1;
const BUSY_RETRY_MAX_MS = 16;

/** Calls `fn` in the next turn of the event loop. */
export type NextTurn = (fn: () => void) => void;

interface Call {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: number;
  tries: number;
}

/**
 * Many calls, one transaction: what is asked for in one turn of the event loop is committed together, and every caller
 * is answered after the commit. One flush to disk then carries hundreds of calls.
 *
 *   calls of a turn ──► waiting ──► BEGIN IMMEDIATE ── busy ──► again soon, until the deadline of each call
 *                                        │
 *                                  all calls ── one throws ──► ROLLBACK, then each call by itself
 *                                        │
 *                             claims that wait for tickets
 *                                        │
 *                                     COMMIT ──► answers, then wake-ups
 */
export class GroupCommit {
  readonly #session: Session;
  readonly #nextTurn: NextTurn;
  readonly #serveParked: () => () => void;
  readonly #onCommit: (changes: ReadonlySet<Change>) => void;
  #waiting: Call[] = [];
  #isScheduled = false;
  #busyCount = 0;
  #isClosed = false;
  #idle: (() => void)[] = [];

  /**
   * @param serveParked runs inside a transaction that has brought tickets; what it answers is called after the commit
   * @param onCommit hears what a commit has brought
   */
  constructor(
    session: Session,
    nextTurn: NextTurn,
    serveParked: () => () => void,
    onCommit: (changes: ReadonlySet<Change>) => void,
  ) {
    this.#session = session;
    this.#nextTurn = nextTurn;
    this.#serveParked = serveParked;
    this.#onCommit = onCommit;
  }

  /** Run `work` inside the next transaction. Its value arrives after the commit. */
  run<T>(work: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new ShutdownError("the store is closed"));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        work,
        resolve: resolve as (value: unknown) => void,
        reject,
        deadline: performance.now() + BUSY_LIMIT_MS,
        tries: 0,
      });
      this.#schedule();
    });
  }

  /** No further calls; resolves when those that wait have been answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#nextTurn(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const calls = this.#waiting;
    this.#waiting = [];
    const outcome = this.#commit(calls);
    if (outcome.status === "busy") this.#again(calls, outcome.error);
    else {
      this.#busyCount = 0;
      if (outcome.status === "failed") this.#oneByOne(calls, outcome.error);
    }
    if (this.#waiting.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** One call among many threw: nobody else may suffer for it. */
  #oneByOne(calls: readonly Call[], error: unknown): void {
    const [only] = calls;
    if (calls.length === 1 && only !== undefined) {
      only.reject(translate(error, this.#session.db.name));
      return;
    }
    for (const call of calls) {
      const outcome = this.#commit([call], () => nothing);
      if (outcome.status === "busy") this.#again([call], outcome.error);
      else if (outcome.status === "failed") call.reject(translate(outcome.error, this.#session.db.name));
    }
  }

  /** Somebody else writes. Waiting inside the driver would stop the event loop, so the calls wait outside. */
  #again(calls: readonly Call[], error: unknown): void {
    const now = performance.now();
    const patient: Call[] = [];
    for (const call of calls) {
      call.tries += 1;
      if (call.deadline > now || call.tries < LEAST_TRIES) patient.push(call);
      else call.reject(translate(error, this.#session.db.name));
    }
    this.#waiting = [...patient, ...this.#waiting];
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    const longest = Math.min(BUSY_RETRY_MAX_MS, BUSY_RETRY_MS * 2 ** Math.min(this.#busyCount++, 4));
    setTimeout(() => this.#flush(), 1 + Math.random() * longest);
  }

  #commit(
    calls: readonly Call[],
    serveParked = this.#serveParked,
  ): { readonly status: "committed" | "busy" | "failed"; readonly error?: unknown } {
    const { db } = this.#session;
    const values: unknown[] = [];
    let afterwards = nothing;
    try {
      db.exec("BEGIN IMMEDIATE");
      for (const call of calls) values.push(call.work());
      if (this.#session.hasBrought("ready")) afterwards = serveParked();
      writeJournal(this.#session);
      db.exec("COMMIT");
    } catch (error) {
      this.#session.forget();
      rollBack(this.#session);
      return { status: isBusy(error) ? "busy" : "failed", error };
    }
    calls.forEach((call, i) => call.resolve(values[i]));
    afterwards();
    const changes = this.#session.takeChanges();
    if (changes.size > 0) this.#onCommit(changes);
    return { status: "committed" };
  }
}

const nothing = (): void => undefined;

function rollBack({ db }: Session): void {
  // Some failures (a full disk, say) have rolled back already.
  if (!db.inTransaction) return;
  db.exec("ROLLBACK");
}
