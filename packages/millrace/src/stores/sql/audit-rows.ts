import type { AuditPart } from "../../core/audit.ts";
import { rowsThatBreak, type AuditDialect, type AuditRule, type Reading } from "./audit-query.ts";
import { ATTEMPT_RULES, COUNTER_RULES, LANE_RULES, LOG_RULES, NUMBER_RULES } from "./audit-rules.ts";
import type { AuditWalk, Found } from "./audit-walk.ts";

const FIRST = Number.MIN_SAFE_INTEGER;

/** Where a walk stands: at a row that it has looked at. */
type Place = readonly [first: number, second: number];

interface SequenceOptions {
  readonly part: AuditPart;
  readonly table: string;
  /** Whose rows are in sequence, and the column that counts them; together an index in that order. */
  readonly key: readonly [owner: string, count: string];
  /** Which rows are meant. */
  readonly only?: string;
  /** More columns, with `before` for what holds of the row before, `previous(column)`. */
  readonly columns: (previous: (expression: string) => string) => readonly string[];
  readonly rules: readonly AuditRule[];
  readonly what: string;
  readonly join: string;
}

/**
 * Rows that count 1, 2, 3 … for an owner each. A slice begins with the row at which the last one ended, so that the next
 * has its neighbour in the same state of the data.
 */
function sequenceWalk(dialect: AuditDialect, options: SequenceOptions): AuditWalk<Place> {
  const { bound, table } = dialect;
  const { part, key, rules, only = "true" } = options;
  const [owner, count] = key;
  const from = `(${only}) AND (x.${owner}, x.${count}) >= (${bound(1)}, ${bound(2)})`;
  const order = `ORDER BY x.${owner}, x.${count}`;
  const previous = (expression: string): string => `coalesce(lag(${expression}) OVER w, 0)`;
  const columns = [...options.columns(previous), `${previous(`x.${count}`)} AS before`];
  const end = {
    name: `AUDIT_${part.toUpperCase()}_TO`,
    sql: `SELECT x.${owner} AS owner, x.${count} AS place FROM ${table(options.table)} x WHERE ${from} ${order} LIMIT 1 OFFSET ${bound(3)}`,
  };
  const rows = `(SELECT x.*, ${columns.join(", ")}
    FROM (SELECT * FROM ${table(options.table)} x WHERE ${from} ${order} LIMIT ${bound(3)} + 1) x
    WINDOW w AS (PARTITION BY x.${owner} ORDER BY x.${count})) p ${options.join}`;
  const judge = {
    name: `AUDIT_${part.toUpperCase()}`,
    sql: rowsThatBreak(options.what, rules, rows, `NOT (p.${owner} = ${bound(1)} AND p.${count} = ${bound(2)})`),
  };
  return {
    part,
    start: [FIRST, FIRST],
    *slice(place, limit): Reading<Found<Place>> {
      const [last] = yield { statement: end, values: [...place, limit] };
      const found = [{ rules, rows: yield { statement: judge, values: [...place, limit] } }];
      return { found, jobs: 0, next: last === undefined ? null : [Number(last.owner), Number(last.place)] };
    },
  };
}

/** Numbers of each scope. */
export function numberWalk(dialect: AuditDialect): AuditWalk<Place> {
  return sequenceWalk(dialect, {
    part: "numbers",
    table: "job",
    key: ["scope", "number"],
    only: "x.number IS NOT NULL",
    columns: () => [],
    rules: NUMBER_RULES,
    what: "c.scope || '#' || p.number",
    join: `JOIN ${dialect.table("counter")} c ON c.id = p.scope`,
  });
}

/** Earlier attempts of each job, by their tokens. */
export function attemptWalk(dialect: AuditDialect): AuditWalk<Place> {
  return sequenceWalk(dialect, {
    part: "attempts",
    table: "attempt",
    key: ["job", "token"],
    columns: (previous) => [
      `${previous("CASE WHEN x.ending IN ('failed', 'lost') THEN x.attempt ELSE x.attempt - 1 END")} AS used_before`,
    ],
    rules: ATTEMPT_RULES,
    what: "coalesce(j.id, 'row ' || p.job) || ', token ' || p.token",
    join: `LEFT JOIN ${dialect.table("job")} j ON j.seq = p.job`,
  });
}

/** Lines of each log. */
export function logWalk(dialect: AuditDialect): AuditWalk<Place> {
  return sequenceWalk(dialect, {
    part: "logs",
    table: "log",
    key: ["job", "sequence"],
    columns: () => [],
    rules: LOG_RULES,
    what: "coalesce(j.id, 'row ' || p.job) || ', line ' || p.sequence",
    join: `LEFT JOIN ${dialect.table("job")} j ON j.seq = p.job`,
  });
}

/** Rows that are each judged by themselves, in the order of their ids. */
function singleWalk(
  { bound, table }: AuditDialect,
  options: {
    readonly part: AuditPart;
    readonly table: string;
    readonly rules: readonly AuditRule[];
    readonly sql: string;
  },
): AuditWalk<number> {
  const { part, rules } = options;
  const end = {
    name: `AUDIT_${part.toUpperCase()}_TO`,
    sql: `SELECT x.id FROM ${table(options.table)} x WHERE x.id > ${bound(1)} ORDER BY x.id LIMIT 1 OFFSET ${bound(2)}`,
  };
  const judge = { name: `AUDIT_${part.toUpperCase()}`, sql: options.sql };
  return {
    part,
    start: FIRST,
    *slice(after, limit): Reading<Found<number>> {
      const [last] = yield { statement: end, values: [after, limit - 1] };
      const to = Number(last?.id ?? Number.MAX_SAFE_INTEGER);
      const found = [{ rules, rows: yield { statement: judge, values: [after, to] } }];
      return { found, jobs: 0, next: last === undefined ? null : to };
    },
  };
}

/**
 * Counters with the highest number of their jobs. Index: job_by_number. Why rows are compared and not scopes: for the
 * highest number of one scope a planner may as well walk another index, and read the whole table.
 */
export function counterWalk(dialect: AuditDialect): AuditWalk<number> {
  const { bound, table } = dialect;
  const last = Number.MAX_SAFE_INTEGER;
  const counters = `(SELECT k.*, coalesce((
      SELECT j.number FROM ${table("job")} j
      WHERE j.number IS NOT NULL AND (j.scope, j.number) >= (k.id, 0) AND (j.scope, j.number) <= (k.id, ${last})
      ORDER BY j.scope DESC, j.number DESC LIMIT 1), 0) AS highest
    FROM ${table("counter")} k WHERE k.id > ${bound(1)} AND k.id <= ${bound(2)}) c`;
  const sql = rowsThatBreak("c.scope || ' is at ' || c.last || ', its jobs at ' || c.highest", COUNTER_RULES, counters);
  return singleWalk(dialect, { part: "counters", table: "counter", rules: COUNTER_RULES, sql });
}

export function laneWalk(dialect: AuditDialect): AuditWalk<number> {
  const { bound, table } = dialect;
  const lanes = `${table("lane")} l LEFT JOIN ${table("queue")} q ON q.id = l.queue`;
  const only = `l.id > ${bound(1)} AND l.id <= ${bound(2)}`;
  const sql = rowsThatBreak("'lane ' || l.id", LANE_RULES, lanes, only);
  return singleWalk(dialect, { part: "lanes", table: "lane", rules: LANE_RULES, sql });
}
