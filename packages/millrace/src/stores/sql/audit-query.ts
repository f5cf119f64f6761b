/** What differs between the stores in how an audit says the same thing. */
export interface AuditDialect {
  /** The name of a table of ours, such as `job`. */
  readonly table: (name: string) => string;
  /** A whole number that is bound, by its place from 1 on. */
  readonly bound: (place: number) => string;
  /** The present, from the instant that is bound at a place. */
  readonly present: (place: number) => string;
  /** How many tags `t.tags` names. */
  readonly tagCount: string;
  /** Columns of the job that only this store has, and rules that only its schema needs. */
  readonly jobColumns: readonly string[];
  readonly jobRules: readonly AuditRule[];
}

/** What no row may be. */
export interface AuditRule {
  readonly name: string;
  /** As in docs/guarantees.md. */
  readonly guarantee: string;
  /** What such rows are, in the plural. */
  readonly message: string;
  /** SQL that is true of a row which breaks it. */
  readonly when: string;
  /** Whether it may be broken for a moment and no harm done, so that it counts only when it is broken for longer. */
  readonly isPassing?: boolean;
}

/** A statement that reads, with what is bound to it. */
export interface AuditQuery {
  readonly statement: { readonly name: string; readonly sql: string };
  readonly values: readonly (number | null)[];
}

type Value = string | number | boolean | null | undefined;

/** A row of an audit; of those that broke a rule, `what` names them. */
export interface AuditRow {
  readonly what?: Value;
  readonly seq?: Value;
  readonly low?: Value;
  readonly n?: Value;
  readonly owner?: Value;
  readonly place?: Value;
  readonly id?: Value;
  readonly [column: string]: Value;
}

/** Statements one after the other, each made from the answers to those before; who runs them decides how. */
export type Reading<T> = Generator<AuditQuery, T, readonly AuditRow[]>;

/** One row for each that breaks a rule: `what` names it, and a column for each rule says whether it is broken. */
export function rowsThatBreak(what: string, rules: readonly AuditRule[], from: string, only = "true"): string {
  const columns = rules.map((rule) => `(${rule.when}) AS ${columnOf(rule)}`).join(", ");
  const any = rules.map((rule) => `(${rule.when})`).join(" OR ");
  return `SELECT ${what} AS what, ${columns} FROM ${from} WHERE (${only}) AND (${any})`;
}

export function columnOf({ name }: Pick<AuditRule, "name">): string {
  return `is_${name}`;
}
