import type pg from "pg";
import { driverChannel } from "./channel.ts";
import type { Database } from "./database.ts";
import { translate } from "./errors.ts";
import { Session } from "./session.ts";

/** Longer than any data takes to be carried, and short enough for a timer. */
const HOLD_LIMIT_MS = 7 * 86_400_000;

/** Whoever set these meant single moves. One of them came with version 17. */
const NO_LIMITS = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`;

/** A transaction that stays open over many calls, on a connection that nobody else is given meanwhile. */
export class OpenTransaction {
  readonly session: Session;
  readonly #client: pg.ClientBase;
  readonly #place: string;
  readonly #release: () => Promise<void>;
  #isOpen = true;

  private constructor(session: Session, client: pg.ClientBase, place: string, release: () => Promise<void>) {
    this.session = session;
    this.#client = client;
    this.#place = place;
    this.#release = release;
  }

  /** @param mode what follows the word BEGIN */
  static async begin({ connections, statements, clock }: Database, mode: string): Promise<OpenTransaction> {
    const begun = Promise.withResolvers<pg.ClientBase>();
    const ended = Promise.withResolvers<void>();
    const held = connections.use(
      async (client) => {
        await client.query(`BEGIN ${mode}; ${NO_LIMITS}`);
        begun.resolve(client);
        await ended.promise;
      },
      { limitMs: HOLD_LIMIT_MS, isRepeatable: false },
    );
    held.catch((error: unknown) => begun.reject(error));
    try {
      const client = await begun.promise;
      const session = new Session(driverChannel(client, connections.isOwn ? "own" : "lent"), statements, clock);
      return new OpenTransaction(session, client, connections.place, async () => {
        ended.resolve();
        await held;
      });
    } catch (error) {
      throw translate(error, connections.place);
    }
  }

  /** Statements of the transaction. */
  async run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await work(this.session);
    } catch (error) {
      throw translate(error, this.#place);
    }
  }

  /** What is read in it step by step. */
  async *each<T>(steps: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* steps;
    } catch (error) {
      throw translate(error, this.#place);
    }
  }

  async commit(): Promise<void> {
    const ended = await this.run(async () => this.#client.query("COMMIT"));
    // The server answers a COMMIT after a failed statement by rolling back, and calls that a success.
    if (ended.command !== "COMMIT") throw new Error("a statement failed unseen, and the transaction was rolled back");
  }

  /** What was not committed is taken back. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // After a commit there is nothing to take back, and after an outage nobody to say so.
    await this.#client.query("ROLLBACK").catch(() => undefined);
    await this.#release();
  }
}
