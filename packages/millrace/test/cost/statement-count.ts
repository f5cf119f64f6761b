import Database from "better-sqlite3";
import { raise } from "./meter.ts";

interface Statement {
  readonly source: string;
  run: Way<{ readonly changes: number }>;
  get: Way<unknown>;
  all: Way<readonly unknown[]>;
  iterate: Way<unknown>;
}

/** One of the ways to run it. */
type Way<Answer> = (this: Statement, ...values: unknown[]) => Answer;

/** By these some loop looks, from time to time, whether there is something to do. Not a job's work. */
const BY_THE_CLOCK = /^PRAGMA |^SELECT min\(|millrace_schedule|SET lease_until|SET seen_at|r\.cancel_reason AS reason/;
const WRITES = /\b(INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) millrace_(\w+)/;
const DONE: Readonly<Record<string, string>> = {
  INSERT: "inserted into",
  UPDATE: "updated in",
  DELETE: "deleted from",
};

/** Counts the statements that all connections of this process run, the rows they write, and the commits. */
export class StatementCount {
  readonly statements = new Map<string, number>();
  readonly rows = new Map<string, number>();
  commits = 0;
  isCounting = false;
  /** Grows with every statement, counted or not. */
  begunCount = 0;

  constructor() {
    const probe = new Database(":memory:");
    const prototype = Object.getPrototypeOf(probe.prepare("SELECT 1")) as Statement;
    probe.close();
    const { run, get, all, iterate } = prototype;
    const count = (source: string, rows: number): void => this.#add(source, rows);
    prototype.run = function counted(...values) {
      const answer = run.apply(this, values);
      count(this.source, answer.changes);
      return answer;
    };
    prototype.get = function counted(...values) {
      const answer = get.apply(this, values);
      count(this.source, answer === undefined ? 0 : 1);
      return answer;
    };
    prototype.all = function counted(...values) {
      const answer = all.apply(this, values);
      count(this.source, answer.length);
      return answer;
    };
    prototype.iterate = function counted(...values) {
      count(this.source, 0);
      return iterate.apply(this, values);
    };
    this.#countCommits();
  }

  forget(): void {
    this.statements.clear();
    this.rows.clear();
    this.commits = 0;
  }

  /** Transactions are begun and ended in another way than statements are run. */
  #countCommits(): void {
    const connections = Database.prototype as { exec: (this: unknown, sql: string) => unknown };
    const { exec } = connections;
    const count = (sql: string): void => {
      this.#add(sql, 0);
      if (this.isCounting && sql === "COMMIT") this.commits += 1;
    };
    connections.exec = function counted(sql) {
      count(sql);
      return exec.call(this, sql);
    };
  }

  #add(source: string, rows: number): void {
    if (BY_THE_CLOCK.test(source)) return;
    this.begunCount += 1;
    if (!this.isCounting) return;
    raise(this.statements, source.replaceAll(/\s+/g, " ").slice(0, 60));
    const [, verb = "", table = ""] = WRITES.exec(source) ?? [];
    const done = DONE[verb.split(" ", 1)[0] ?? ""];
    if (done !== undefined && rows > 0) raise(this.rows, `rows ${done} ${table}`, rows);
  }
}
