import type { Job } from "../../src/core/job.ts";
import type { Store } from "../../src/core/store.ts";
import { jobFromRow, type JobRow } from "../../src/stores/sql/job-row.ts";
import { migrate, openDatabase } from "../../src/stores/sqlite/database.ts";
import { Session } from "../../src/stores/sqlite/session.ts";
import { createSqliteStore } from "../../src/stores/sqlite/sqlite-store.ts";
import { QUEUES } from "./acts.ts";

const RESUME = "UPDATE millrace_queue SET paused_at = NULL WHERE paused_at IS NOT NULL";

export const QUEUE_SETTINGS = { cancelGraceMs: 60, backoff: { type: "fixed", delayMs: 20 } } as const;

/**
 * A store in memory that begins empty for every run. Connection, schema and prepared statements, which take longer than
 * a whole run, are kept; of the data nothing is but its two queues, and nothing of what the store remembers.
 */
export class ReusedStore {
  readonly #session: Session;
  readonly #empty: () => void;
  readonly #openCount: () => number;
  readonly #lostCount: () => number;
  readonly #jobs: () => readonly Job[];
  #now: () => number = () => 0;

  private constructor(session: Session, now: { read: () => number }) {
    this.#session = session;
    const { db } = session;
    const tables = db
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'millrace\\_%' ESCAPE '\\' AND name NOT IN ('millrace_schema', 'millrace_queue')",
      )
      .all();
    // Those that refer to others were made after them. A switch of the foreign keys would have all statements prepared anew.
    const names = [...tables.map(({ name }) => name).toReversed(), "sqlite_sequence"];
    const deletes = [...names.map((name) => `DELETE FROM ${name}`), RESUME].map((sql) => db.prepare(sql));
    this.#empty = db.transaction(() => {
      for (const statement of deletes) statement.run();
    });
    const open = db.prepare<[], { count: number }>(
      `SELECT (SELECT count(*) FROM millrace_ready) + (SELECT count(*) FROM millrace_scheduled)
            + (SELECT count(*) FROM millrace_blocked) + (SELECT count(*) FROM millrace_running) AS count`,
    );
    this.#openCount = () => open.get()?.count ?? 0;
    const lost = db.prepare<[], { count: number }>(
      `SELECT (SELECT count(*) FROM millrace_attempt WHERE ending = 'lost')
            + (SELECT count(*) FROM millrace_done WHERE ended_by = 'lease') AS count`,
    );
    this.#lostCount = () => lost.get()?.count ?? 0;
    const jobs = db.prepare<[], JobRow>("SELECT * FROM millrace_jobs");
    this.#jobs = () => jobs.all().map(jobFromRow);
    now.read = () => this.#now();
  }

  static async open(): Promise<ReusedStore> {
    const now = { read: () => 0 };
    const db = await openDatabase(":memory:");
    await migrate(db, () => now.read());
    const session = new Session(db, () => now.read());
    const store = createSqliteStore(session, { nextTurn: setImmediate, close: () => undefined });
    for (const name of QUEUES) await store.configureQueue("default", name, { settings: QUEUE_SETTINGS });
    return new ReusedStore(session, now);
  }

  /** The store, empty. @param nextTurn when it commits */
  begin(now: () => number, nextTurn: (fn: () => void) => void): Store {
    this.#now = now;
    this.#empty();
    this.#session.forget();
    return createSqliteStore(this.#session, { nextTurn, close: () => undefined });
  }

  /** Resumes what was paused, and ends schedules. */
  unblock(): void {
    this.#session.db.exec(`${RESUME}; DELETE FROM millrace_schedule`);
  }

  /** How many jobs have not ended. */
  get openCount(): number {
    return this.#openCount();
  }

  /** How many attempts ended because their leases ran out. */
  get lostCount(): number {
    return this.#lostCount();
  }

  /** All there are. */
  get jobs(): readonly Job[] {
    return this.#jobs();
  }

  close(): void {
    this.#session.db.close();
  }
}
