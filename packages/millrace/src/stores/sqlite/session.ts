import type { Database, Statement } from "better-sqlite3";
import type { JobEventType } from "../../core/event.ts";
import type { Lane } from "../../core/lane.ts";
import type { Change } from "../../core/store.ts";

/** A statement by name; one constant each, in `statements.ts`. */
export interface NamedSql {
  readonly name: string;
  readonly sql: string;
}

/** Rewrites a statement before it is prepared. Tests break rules on purpose with it; nothing else may use it. */
export type EditSql = (name: string, sql: string) => string;

type Bound = string | number | null;

interface Prepared {
  readonly prepared: Statement;
  readonly bind: (values: readonly Bound[]) => readonly unknown[];
}

const inOrder = (values: readonly Bound[]): readonly unknown[] => values;

/** The driver takes `?1` for a name, to be found in an object. */
function byNumber(values: readonly Bound[]): readonly unknown[] {
  const named: Record<number, Bound> = {};
  for (let i = 0; i < values.length; i++) named[i + 1] = values[i] ?? null;
  return [named];
}

/**
 * One connection, its prepared statements, and what a transaction has brought so far. All methods are synchronous and
 * belong inside a transaction, ours or the caller's.
 */
export class Session {
  readonly db: Database;
  readonly now: () => number;
  readonly lanes = new Map<number, Lane & { readonly org: string }>();
  readonly edit: EditSql | undefined;
  readonly #prepared = new Map<NamedSql, Prepared>();
  #changes = new Set<Change>();
  #journal: { readonly type: JobEventType; readonly jobs: number[] }[] = [];

  constructor(db: Database, now: () => number, edit?: EditSql) {
    this.db = db;
    this.now = now;
    this.edit = edit;
  }

  all<Row>(statement: NamedSql, ...values: Bound[]): Row[] {
    const { prepared, bind } = this.#prepare(statement);
    return prepared.all(...bind(values)) as Row[];
  }

  get<Row>(statement: NamedSql, ...values: Bound[]): Row | undefined {
    const { prepared, bind } = this.#prepare(statement);
    return prepared.get(...bind(values)) as Row | undefined;
  }

  /** Rows one by one, so that the reader may stop. */
  each<Row>(statement: NamedSql, ...values: Bound[]): IterableIterator<Row> {
    const { prepared, bind } = this.#prepare(statement);
    return prepared.iterate(...bind(values)) as IterableIterator<Row>;
  }

  /** Answers how many rows changed. */
  run(statement: NamedSql, ...values: Bound[]): number {
    const { prepared, bind } = this.#prepare(statement);
    return prepared.run(...bind(values)).changes;
  }

  /** As `run`, for an insert; answers the key it was given. */
  insert(statement: NamedSql, ...values: Bound[]): number {
    const { prepared, bind } = this.#prepare(statement);
    return Number(prepared.run(...bind(values)).lastInsertRowid);
  }

  #prepare(statement: NamedSql): Prepared {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      const sql = this.edit === undefined ? statement.sql : this.edit(statement.name, statement.sql);
      prepared = { prepared: this.db.prepare(sql), bind: /\?\d/.test(sql) ? byNumber : inOrder };
      this.#prepared.set(statement, prepared);
    }
    return prepared;
  }

  /** Remember an event of a job for the journal, and whom the commit should wake. */
  note(type: JobEventType, job: number): void {
    this.#changes.add("events");
    const last = this.#journal.at(-1);
    if (last?.type === type) last.jobs.push(job);
    else this.#journal.push({ type, jobs: [job] });
  }

  wake(change: Change): void {
    this.#changes.add(change);
  }

  hasBrought(change: Change): boolean {
    return this.#changes.has(change);
  }

  takeJournal(): readonly { readonly type: JobEventType; readonly jobs: readonly number[] }[] {
    const journal = this.#journal;
    if (journal.length > 0) this.#journal = [];
    return journal;
  }

  takeChanges(): ReadonlySet<Change> {
    const changes = this.#changes;
    if (changes.size > 0) this.#changes = new Set();
    return changes;
  }

  /** A rollback: what was learned inside may never have been. */
  forget(): void {
    this.lanes.clear();
    this.#journal = [];
    this.#changes = new Set();
  }
}
