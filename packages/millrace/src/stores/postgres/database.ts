import type pg from "pg";
import type { Change } from "../../core/store.ts";
import { driverChannel } from "./channel.ts";
import { BULK_LIMIT_MS, SETTINGS, STATEMENT_LIMIT_MS, type Connections } from "./connections.ts";
import { translate } from "./errors.ts";
import { Session } from "./session.ts";
import type { Statements } from "./statements.ts";

interface UnitOptions {
  /** @default 5 s, that of a single move */
  readonly limitMs?: number;
  /** Whether doing it again is harmless when nobody knows whether it was done. @default true */
  readonly isRepeatable?: boolean;
}

/** How long a look over all data may take: longer than any move, since it holds nobody up. */
export const SURVEY_LIMIT_MS = 60_000;
/** It may read tables through, and join them whole. */
const SURVEY_SETTINGS = { enable_seqscan: "on", enable_hashjoin: "on", enable_mergejoin: "on" };

/**
 * Units of work on the database, each within its bound, tried again after lost races and outages, and told to those who
 * wait for changes once it is committed.
 */
export class Database {
  readonly connections: Connections;
  readonly statements: Statements;
  readonly #clock: (() => number) | undefined;
  readonly #onCommit: (changes: ReadonlySet<Change>) => void;

  constructor(
    connections: Connections,
    statements: Statements,
    clock: (() => number) | undefined,
    onCommit: (changes: ReadonlySet<Change>) => void,
  ) {
    this.connections = connections;
    this.statements = statements;
    this.#clock = clock;
    this.#onCommit = onCommit;
  }

  /** The clock as a test sets it. */
  get clock(): (() => number) | undefined {
    return this.#clock;
  }

  /** Statements that are each a transaction by themselves: one move, or reads. */
  single<T>(
    work: (session: Session) => Promise<T>,
    { limitMs = STATEMENT_LIMIT_MS, isRepeatable = true }: UnitOptions = {},
  ): Promise<T> {
    // What is set for a session of the server is set for whoever gets it next, unless the connection is ours alone.
    if (!this.connections.isOwn || limitMs !== STATEMENT_LIMIT_MS)
      return this.transaction(work, { limitMs, isRepeatable });
    return this.#unit({ limitMs, isRepeatable }, async (client, sentMsAgo) => {
      const session = this.#sessionOn(client, sentMsAgo);
      return { value: await work(session), changes: session.takeChanges() };
    });
  }

  /** Many statements, one transaction. */
  transaction<T>(
    work: (session: Session) => Promise<T>,
    { limitMs = STATEMENT_LIMIT_MS, isRepeatable = true }: UnitOptions = {},
  ): Promise<T> {
    return this.#unit({ limitMs, isRepeatable }, (client, sentMsAgo) =>
      this.#inTransaction(client, `BEGIN; ${this.#settings(limitMs)}`, work, sentMsAgo),
    );
  }

  /**
   * Statements that do not wait for each other: sent at once, as one transaction, so one way to the server and back and
   * one flush to disk. `work` must send them all before it first waits.
   */
  flight<T>(work: (session: Session) => Promise<T>, limitMs: number = STATEMENT_LIMIT_MS): Promise<T> {
    if (!this.connections.isOwn) return this.transaction(work, { limitMs });
    return this.#unit({ limitMs, isRepeatable: true }, async (client, sentMsAgo) => {
      const begin = `BEGIN; ${this.#settings(limitMs)}`;
      // For the second time `work` may have to look first.
      if (sentMsAgo > 0) return this.#inTransaction(client, begin, work, sentMsAgo);
      const session = this.#sessionOn(client);
      const begun = client.query(begin);
      const working = work(session);
      const ending = client.query("COMMIT");
      // All must have been answered before the connection is handed on.
      await Promise.allSettled([begun, working, ending]);
      const [, value, ended] = await Promise.all([begun, working, ending]);
      requireCommit(ended.command);
      return { value, changes: session.takeChanges() };
    });
  }

  /** Reads that see one state of all data, however many statements they take. Holds nobody up. */
  survey<T>(work: (session: Session) => Promise<T>, limitMs: number = BULK_LIMIT_MS): Promise<T> {
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settingsSql({ ...SURVEY_SETTINGS, statement_timeout: String(limitMs) })}`;
    return this.#unit({ limitMs, isRepeatable: true }, (client) => this.#inTransaction(client, begin, work));
  }

  /** As `survey`, for reads that an index leads to: a little of much. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${this.#settings(STATEMENT_LIMIT_MS)}`;
    return this.#unit({ limitMs: STATEMENT_LIMIT_MS, isRepeatable: true }, (client) =>
      this.#inTransaction(client, begin, work),
    );
  }

  #settings(limitMs: number): string {
    if (!this.connections.isOwn) return settingsSql({ ...LOCAL_SETTINGS, statement_timeout: String(limitMs) });
    return limitMs === STATEMENT_LIMIT_MS ? "" : settingsSql({ statement_timeout: String(limitMs) });
  }

  async #inTransaction<T>(
    client: pg.ClientBase,
    begin: string,
    work: (session: Session) => Promise<T>,
    sentMsAgo = 0,
  ): Promise<{ readonly value: T; readonly changes: ReadonlySet<Change> }> {
    const session = this.#sessionOn(client, sentMsAgo);
    const begun = client.query(begin);
    if (!this.connections.isOwn) await begun;
    // On a connection of ours the first statement follows at once; if it could not begin, that will say so as well.
    begun.catch(() => undefined);
    try {
      const value = await work(session);
      const journal = session.writeJournal();
      if (!this.connections.isOwn) await journal;
      const [, ended] = await Promise.all([journal, client.query("COMMIT")]);
      requireCommit(ended.command);
      return { value, changes: session.takeChanges() };
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  async #unit<T>(
    options: { readonly limitMs: number; readonly isRepeatable: boolean },
    work: (
      client: pg.ClientBase,
      sentMsAgo: number,
    ) => Promise<{ readonly value: T; readonly changes: ReadonlySet<Change> }>,
  ): Promise<T> {
    try {
      const { value, changes } = await this.connections.use(work, options);
      if (changes.size > 0) this.#onCommit(changes);
      return value;
    } catch (error) {
      throw translate(error, this.connections.place);
    }
  }

  #sessionOn(client: pg.ClientBase, sentMsAgo = 0): Session {
    const channel = driverChannel(client, this.connections.isOwn ? "own" : "lent");
    return new Session(channel, this.statements, this.#clock, sentMsAgo);
  }
}

const { idle_in_transaction_session_timeout: _, ...LOCAL_SETTINGS } = SETTINGS;

/** The server answers a COMMIT after a failed statement by rolling back, and calls that a success. */
function requireCommit(command: string): void {
  if (command !== "COMMIT") throw new Error("a statement failed unseen, and the transaction was rolled back");
}

function settingsSql(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `SET LOCAL ${name} = '${value}'`)
    .join("; ");
}
