import {
  rowsThatBreak,
  type AuditDialect,
  type AuditQuery,
  type AuditRow,
  type AuditRule,
  type Reading,
} from "./audit-query.ts";
import { HANGING_RULES, JOB_RULES, lateRules } from "./audit-rules.ts";
import type { AuditWalk, Found } from "./audit-walk.ts";

const TICKETS = ["ready", "scheduled", "blocked", "running", "done"] as const;
const HANGING = [...TICKETS, "key", "tag", "artifact", "companion", "late_report"] as const;
const FIRST = Number.MIN_SAFE_INTEGER;
const LAST = Number.MAX_SAFE_INTEGER;

/**
 * Jobs with their tickets and all that hangs on them, in ranges of their rows, the newest first. A range holds no more
 * rows of any table than a slice may have, and reaches as far as the next one, so that rows without a job are met too.
 * What comes while the walk is under way lies behind it.
 */
export function jobWalk(dialect: AuditDialect): AuditWalk<number> {
  const rules = [...JOB_RULES, ...lateRules(dialect.table("worker")), ...dialect.jobRules];
  const jobs = { name: "AUDIT_JOBS", sql: jobsSql(dialect, rules) };
  const hanging = { name: "AUDIT_HANGING", sql: hangingSql(dialect) };
  const lowest = { name: "AUDIT_JOBS_FROM", sql: lowestSql(dialect) };
  const count = {
    name: "AUDIT_JOBS_COUNT",
    sql: `SELECT count(*) AS n FROM ${dialect.table("job")} j WHERE ${within("j.seq", dialect)}`,
  };
  const judge = (from: number, to: number, now: number | null): AuditQuery => ({
    statement: jobs,
    values: [from, to, now],
  });
  return {
    part: "jobs",
    start: LAST,
    *slice(to, rows, now): Reading<Found<number>> {
      const [bound] = yield { statement: lowest, values: [to, rows - 1] };
      const from = Number(bound?.low ?? FIRST);
      const [counted] = yield { statement: count, values: [from, to] };
      const found = [
        { rules, rows: yield judge(from, to, now) },
        { rules: HANGING_RULES, rows: yield { statement: hanging, values: [from, to] } },
      ];
      return { found, jobs: Number(counted?.n ?? 0), next: from === FIRST ? null : from - 1 };
    },
    *again(row: AuditRow, now): Reading<Found<number>> {
      const at = Number(row.seq);
      return { found: [{ rules, rows: yield judge(at, at, now) }], jobs: 0, next: null };
    },
  };
}

function within(column: string, { bound }: AuditDialect): string {
  return `${column} >= ${bound(1)} AND ${column} <= ${bound(2)}`;
}

/** The lowest row of the range up to $1 in which no table has more than $2 + 1 rows; null when none has as many. */
function lowestSql({ table, bound }: AuditDialect): string {
  const columns = [["job", "seq"], ...HANGING.map((name) => [name, "job"])] as const;
  const ends = columns.map(
    ([name = "", column = ""]) =>
      `SELECT (SELECT x.${column} FROM ${table(name)} x WHERE x.${column} <= ${bound(1)} ORDER BY x.${column} DESC
         LIMIT 1 OFFSET ${bound(2)}) AS low`,
  );
  return `SELECT max(low) AS low FROM (${ends.join(" UNION ALL ")}) ends`;
}

function jobsSql(dialect: AuditDialect, rules: readonly AuditRule[]): string {
  const { table, present, tagCount, jobColumns } = dialect;
  const tickets = { ready: "y", scheduled: "s", blocked: "b", running: "r", done: "d" } as const;
  const waiting = (column: string): string => `coalesce(y.${column}, s.${column}, b.${column}, r.${column})`;
  const any = (column: string): string => `coalesce(y.${column}, s.${column}, b.${column}, r.${column}, d.${column})`;
  const from = `(
    SELECT j.seq, j.id, j.lane, j.priority, j.max_attempts, j.run_at AS first_run_at, j.created_at, j.key, j.tags,
      ${["", ...jobColumns.map((column) => `j.${column}`)].join(", ").slice(2)}${jobColumns.length === 0 ? "" : ","}
      ${TICKETS.map((name) => `CASE WHEN ${tickets[name]}.job IS NULL THEN 0 ELSE 1 END`).join(" + ")} AS places,
      coalesce(y.job, s.job, b.job) IS NOT NULL AS waiting, d.job AS done,
      ${waiting("lane")} AS ticket_lane, ${waiting("priority")} AS ticket_priority, ${waiting("run_at")} AS ticket_run_at,
      ${any("attempt")} AS attempt, ${any("token")} AS token, ${any("started_at")} AS started_at,
      coalesce(y.token, s.token, b.token, r.token - 1,
        d.token - CASE WHEN d.attempt_started_at IS NULL THEN 0 ELSE 1 END) AS past,
      coalesce(r.attempt_started_at, d.attempt_started_at) AS attempt_started_at,
      s.run_at AS due_at, r.lease_until, r.cancel_until, d.finished_at, d.state, d.ended_by, d.worker,
      d.result IS NOT NULL AS has_result, d.error IS NOT NULL AS has_error, d.cancel_requested_at,
      q.id AS known_queue, q.org, c.id AS known_scope, c.org AS scope_org, m.job IS NOT NULL AS companion
    FROM ${table("job")} j
    ${TICKETS.map((name) => `LEFT JOIN ${table(name)} ${tickets[name]} ON ${tickets[name]}.job = j.seq`).join("\n    ")}
    LEFT JOIN ${table("lane")} l ON l.id = j.lane
    LEFT JOIN ${table("queue")} q ON q.id = l.queue
    LEFT JOIN ${table("counter")} c ON c.id = j.scope
    LEFT JOIN ${table("companion")} m ON m.job = j.seq
    WHERE ${within("j.seq", dialect)}
  ) t
  CROSS JOIN (SELECT ${present(3)} AS at) n
  LEFT JOIN ${table("attempt")} a ON a.job = t.seq AND a.token = t.past`;
  const later = `EXISTS (SELECT 1 FROM ${table("attempt")} x WHERE x.job = t.seq AND x.token > t.past)`;
  const keyed = `EXISTS (SELECT 1 FROM ${table("key")} k WHERE k.job = t.seq)`;
  const tagged = `(SELECT count(*) FROM ${table("tag")} g WHERE g.job = t.seq)`;
  const looked = rules.map((rule) => ({
    ...rule,
    when: rule.when
      .replaceAll("t.has_later", later)
      .replaceAll("t.is_keyed", keyed)
      .replaceAll("t.tag_count", tagged)
      .replaceAll("t.tags_said", tagCount),
  }));
  return rowsThatBreak("t.id", looked, from).replace("SELECT", "SELECT t.seq,");
}

/** Index of each table: its job. Whether a key is its job's is asked of the job, whose organisation is its queue's. */
function hangingSql(dialect: AuditDialect): string {
  const { table } = dialect;
  const parts = HANGING.map((name) => {
    const isKey = name === "key";
    const misled = isKey ? "j.key IS NULL OR j.key <> x.key OR j.kind <> x.kind OR q.org <> x.org" : "false";
    const discarded =
      name === "artifact" ? `EXISTS (SELECT 1 FROM ${table("place")} p WHERE p.place = x.place)` : "false";
    const places = `LEFT JOIN ${table("lane")} l ON l.id = j.lane LEFT JOIN ${table("queue")} q ON q.id = l.queue`;
    // A key may name no job yet: it is held for one that is being written, or was not written.
    return `SELECT ${isKey ? "'key'" : `'${name}'`} AS thing, x.job, j.id, j.seq IS NULL AS is_orphan,
        ${misled} AS is_misled, ${discarded} AS is_discarded
      FROM ${table(name)} x LEFT JOIN ${table("job")} j ON j.seq = x.job ${isKey ? places : ""}
      WHERE ${within("x.job", dialect)}${isKey ? " AND x.job <> 0" : ""}`;
  });
  return rowsThatBreak(
    "p.thing || ' of ' || coalesce(p.id, 'row ' || p.job)",
    HANGING_RULES,
    `(${parts.join("\n UNION ALL ")}) p`,
  );
}
