import type { AuditReport, Violation } from "../../core/store.ts";
import type { NamedSql, Session } from "./session.ts";

interface Rule {
  readonly guarantee: string;
  readonly message: string;
  /** Rows that break it, at most eleven, each with a `what` that names it. */
  readonly statement: NamedSql;
}

function rule(guarantee: string, name: string, message: string, sql: string): Rule {
  return { guarantee, message, statement: { name: `AUDIT_${name}`, sql: `${sql} LIMIT 11` } };
}

const PLACES = `
  SELECT job FROM millrace_ready UNION ALL SELECT job FROM millrace_scheduled UNION ALL SELECT job FROM millrace_blocked
  UNION ALL SELECT job FROM millrace_running UNION ALL SELECT job FROM millrace_done`;

/** What must hold of the data as it lies, whatever happened to it. The constraints of the schema hold besides. */
const RULES: readonly Rule[] = [
  rule(
    "G3",
    "NOWHERE",
    "jobs whose ticket is gone",
    `SELECT j.id AS what FROM millrace_job j WHERE NOT EXISTS (SELECT 1 FROM millrace_ready WHERE job = j.seq)
       AND NOT EXISTS (SELECT 1 FROM millrace_scheduled WHERE job = j.seq) AND NOT EXISTS (SELECT 1 FROM millrace_blocked WHERE job = j.seq)
       AND NOT EXISTS (SELECT 1 FROM millrace_running WHERE job = j.seq) AND NOT EXISTS (SELECT 1 FROM millrace_done WHERE job = j.seq)`,
  ),
  rule(
    "G3",
    "TWICE",
    "jobs whose ticket lies in two places",
    `SELECT j.id AS what FROM (${PLACES}) p JOIN millrace_job j ON j.seq = p.job GROUP BY p.job HAVING count(*) > 1`,
  ),
  rule(
    "G3",
    "ORPHAN",
    "tickets without a job",
    `SELECT 'row ' || p.job AS what FROM (${PLACES}) p WHERE NOT EXISTS (SELECT 1 FROM millrace_job j WHERE j.seq = p.job)`,
  ),
  rule(
    "G4",
    "BEYOND",
    "numbers above their scope's counter",
    `SELECT c.scope || '#' || j.number AS what FROM millrace_job j JOIN millrace_counter c ON c.id = j.scope WHERE j.number > c.last`,
  ),
  rule(
    "G4",
    "ORDER",
    "numbers that are not in the order of their jobs",
    `SELECT what FROM (
       SELECT c.scope || '#' || j.number AS what, j.number < lag(j.number) OVER (PARTITION BY j.scope ORDER BY j.seq) AS falls
       FROM millrace_job j JOIN millrace_counter c ON c.id = j.scope WHERE j.number IS NOT NULL) WHERE falls`,
  ),
  rule(
    "G4",
    "GAPS",
    "scopes with a number that no job has",
    // Pruned jobs, adopted numbers and numbers of the user's own rows leave holes that are none of ours.
    `SELECT c.scope || ' has ' || count(j.number) || ' numbers up to ' || c.last AS what
     FROM millrace_counter c LEFT JOIN millrace_job j ON j.scope = c.id WHERE c.has_holes = 0
     GROUP BY c.id HAVING count(j.number) <> c.last OR coalesce(max(j.number), 0) <> c.last`,
  ),
  rule(
    "G5",
    "TIMELINE",
    "jobs that start or end before they were created",
    `SELECT j.id AS what FROM millrace_jobs j
     WHERE j.started_at < j.created_at OR j.finished_at < j.created_at OR j.finished_at < j.started_at`,
  ),
  rule(
    "G2",
    "TOKENS",
    "attempts with a token above their ticket's",
    `SELECT j.id AS what FROM millrace_attempt a JOIN millrace_job j ON j.seq = a.job
     LEFT JOIN millrace_running r ON r.job = a.job LEFT JOIN millrace_done d ON d.job = a.job
     LEFT JOIN millrace_ready y ON y.job = a.job LEFT JOIN millrace_scheduled s ON s.job = a.job
     WHERE a.token > coalesce(d.token, y.token, s.token, a.token) OR a.token >= r.token`,
  ),
  rule(
    "G6",
    "UNFINISHED",
    "jobs that ran out of attempts and still wait",
    `SELECT j.id AS what FROM millrace_job j JOIN (
       SELECT job, attempt FROM millrace_ready UNION ALL SELECT job, attempt FROM millrace_scheduled) t ON t.job = j.seq
     WHERE t.attempt >= j.max_attempts`,
  ),
  rule(
    "G8",
    "COMPANIONS",
    "finished jobs beside which secrets or traces still lie",
    `SELECT j.id AS what FROM millrace_companion c JOIN millrace_done d ON d.job = c.job JOIN millrace_job j ON j.seq = c.job`,
  ),
  rule(
    "G3",
    "ORPHANED_ARTIFACTS",
    "artifacts without a job",
    `SELECT 'row ' || a.job || ': ' || a.name AS what FROM millrace_artifact a
     WHERE NOT EXISTS (SELECT 1 FROM millrace_job j WHERE j.seq = a.job)`,
  ),
  rule(
    "G3",
    "DISCARDED_ARTIFACTS",
    "artifacts whose bytes are to be deleted",
    `SELECT j.id || ': ' || a.name AS what FROM millrace_artifact a
     JOIN millrace_place p ON p.place = a.place JOIN millrace_job j ON j.seq = a.job`,
  ),
];

const JOBS: NamedSql = { name: "AUDIT_JOBS", sql: `SELECT count(*) AS n FROM millrace_job` };

/** As `Store.audit`. Reads only. */
export function auditData(session: Session): AuditReport {
  const jobs = session.get<{ n: number }>(JOBS)?.n ?? 0;
  const violations: Violation[] = [];
  for (const { guarantee, message, statement } of RULES) {
    const rows = session.all<{ what: string }>(statement).map((row) => row.what);
    if (rows.length === 0) continue;
    const count = rows.length > 10 ? "more than 10" : String(rows.length);
    violations.push({ guarantee, message: `${count} ${message}`, rows: rows.slice(0, 10) });
  }
  return { jobs, violations };
}
