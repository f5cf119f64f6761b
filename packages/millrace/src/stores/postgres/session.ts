import type { JobEventType } from "../../core/event.ts";
import type { Change } from "../../core/store.ts";
import type { Bound, Channel } from "./channel.ts";
import type { NamedSql, Statements } from "./statements.ts";

/** SQL for the present in milliseconds: the database's clock, or in tests the one that parameter `$n` brings. */
export function presentAt(parameter: number): string {
  return `coalesce($${parameter}::text::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;
}

const JOURNAL: NamedSql = {
  name: "EVENT_ADD",
  sql: `INSERT INTO millrace.event (at, type, jobs)
        SELECT ${presentAt(1)}, v.type, v.jobs::bigint[]
        FROM unnest($2::text::text[], $3::text::text[]) WITH ORDINALITY AS v (type, jobs, place) ORDER BY v.place`,
};

/**
 * Statements on one connection, and what they have brought so far: events for the journal, and whom the commit should
 * wake. Inside a transaction, ours or the caller's, or for a single statement that is one by itself.
 */
export class Session {
  readonly #channel: Channel;
  readonly #statements: Statements;
  readonly #clock: (() => number) | undefined;
  /** The same was sent before, so many milliseconds ago, and nobody heard what became of it; 0 if not. */
  readonly sentMsAgo: number;
  #changes = new Set<Change>();
  #journal: { readonly type: JobEventType; readonly jobs: number[] }[] = [];

  constructor(channel: Channel, statements: Statements, clock: (() => number) | undefined, sentMsAgo = 0) {
    this.sentMsAgo = sentMsAgo;
    this.#channel = channel;
    this.#statements = statements;
    this.#clock = clock;
  }

  /** For `presentAt`: what a test says the time is, or `null` for the database's own clock. */
  now(): number | null {
    return this.#clock?.() ?? null;
  }

  async all<Row>(statement: NamedSql, ...values: Bound[]): Promise<Row[]> {
    const { rows } = await this.#channel.query(this.#statements.prepare(statement), values);
    return rows as Row[];
  }

  async get<Row>(statement: NamedSql, ...values: Bound[]): Promise<Row | undefined> {
    const [row] = await this.all<Row>(statement, ...values);
    return row;
  }

  /** Answers how many rows changed. */
  async run(statement: NamedSql, ...values: Bound[]): Promise<number> {
    const { count } = await this.#channel.query(this.#statements.prepare(statement), values);
    return count;
  }

  /** A statement put together for one call, so without a name to keep its plan under. */
  async adHoc<Row>(sql: string, values: readonly Bound[]): Promise<Row[]> {
    const { rows } = await this.#channel.query({ name: null, text: this.#statements.inSchema(sql) }, values);
    return rows as Row[];
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

  takeChanges(): ReadonlySet<Change> {
    const changes = this.#changes;
    this.#changes = new Set();
    return changes;
  }

  /** Write down what the transaction did; the last thing it does. What fails before it is sent is thrown at once. */
  writeJournal(): Promise<unknown> {
    const journal = this.#journal;
    if (journal.length === 0) return Promise.resolve();
    this.#journal = [];
    const types = journal.map(({ type }) => type);
    const jobs = journal.map((each) => `"{${each.jobs.join(",")}}"`);
    return this.run(JOURNAL, this.now(), `{${types.join(",")}}`, `{${jobs.join(",")}}`);
  }
}
