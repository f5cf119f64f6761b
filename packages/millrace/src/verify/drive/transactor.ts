import type { Job } from "../../core/job.ts";
import type { AttemptEnd, EnqueuedJob, Entry, NumberRange } from "../history/entry.ts";
import { laneOf } from "../history/entry.ts";
import { microseconds } from "./microseconds.ts";
import { openOwnConnection, type OwnConnection } from "./own-connection.ts";

/** What was done in a transaction, besides the notes. */
export interface Deeds {
  readonly jobs?: readonly Job[];
  readonly ends?: readonly AttemptEnd[];
  readonly numbers?: readonly NumberRange[];
}

/** How a transaction is to end; "die" ends the process instead. */
export type TransactionEnd = "commit" | "rollback" | "die";

/** Its transaction did not commit, or it is not known whether it did. */
export class TransactionFailed extends Error {
  override readonly name = "TransactionFailed";
}

/** Runs transactions of a caller's own, one after the other, and writes their ends into the history. */
export class Transactor {
  readonly #url: string;
  readonly #process: string;
  readonly #write: (entry: Entry) => void;
  #connection: Promise<OwnConnection> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #calls = 0;

  constructor(url: string, process: string, write: (entry: Entry) => void) {
    this.#url = url;
    this.#process = `${process} itself`;
    this.#write = write;
  }

  /**
   * @param work is handed the connection, inside a transaction
   * @throws TransactionFailed unless it was rolled back as it was meant to be, or what `work` has thrown
   */
  run(end: TransactionEnd, work: (connection: OwnConnection) => Promise<Deeds>): Promise<void> {
    const mine = this.#last.then(() => this.#run(end, work));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    await this.#last;
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close().catch(() => undefined);
  }

  async #run(end: TransactionEnd, work: (connection: OwnConnection) => Promise<Deeds>): Promise<void> {
    const connection = await this.#open();
    await this.#orReopen(() => connection.begin());
    let deeds: Deeds;
    try {
      deeds = await work({ ...connection, note: (text) => this.#orReopen(() => connection.note(text)) });
    } catch (error) {
      // Nothing is written of it: what it has enqueued must not be there.
      await connection.rollback().catch(() => this.#forget());
      throw error;
    }
    if (end === "die") process.kill(process.pid, "SIGKILL");
    const to = end === "commit" ? "commit" : "rollback";
    const call = this.#calls++;
    const { jobs = [], ends = [], numbers = [] } = deeds;
    const operation = { name: "transact", jobs: jobs.map(asEnqueued), ends, numbers, to } as const;
    this.#write({ type: "call", process: this.#process, call, at: microseconds(), operation });
    const answered = (answer: Extract<Entry, { type: "answer" }>["answer"]): void =>
      this.#write({ type: "answer", process: this.#process, call, at: microseconds(), answer });
    try {
      await (to === "commit" ? connection.commit() : connection.rollback());
    } catch (error) {
      answered({ name: "error", code: "store_unavailable", isOutage: true });
      this.#forget();
      throw new TransactionFailed("the transaction has not ended as it was told to", { cause: error });
    }
    answered({ name: "transact" });
  }

  async #open(): Promise<OwnConnection> {
    this.#connection ??= openOwnConnection(this.#url);
    return this.#orReopen(() => this.#connection as Promise<OwnConnection>);
  }

  async #orReopen<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#forget();
      throw new TransactionFailed("the caller's own connection is gone", { cause: error });
    }
  }

  #forget(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.then((open) => open.close()).catch(() => undefined);
  }
}

function asEnqueued({ id, scope, queue, requires, fairKey, priority, key, kind, state }: Job): EnqueuedJob {
  return {
    id,
    scope,
    queue,
    lane: laneOf(queue, requires, fairKey),
    requires,
    priority,
    isDelayed: state === "scheduled",
    key: key === null ? null : `${kind} ${key}`,
  };
}
