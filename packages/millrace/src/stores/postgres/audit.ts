import type { AuditReport, Violation } from "../../core/store.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

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
  SELECT job FROM millrace.ready UNION ALL SELECT job FROM millrace.scheduled UNION ALL SELECT job FROM millrace.blocked
  UNION ALL SELECT job FROM millrace.running UNION ALL SELECT job FROM millrace.done`;

/** What hangs on a job. A key may name no job yet: it is held for one that is being written, or was not written. */
const LEFTOVERS = `
  SELECT 'key' AS thing, job FROM millrace.key WHERE job <> 0 UNION ALL SELECT 'tag', job FROM millrace.tag
  UNION ALL SELECT 'log', job FROM millrace.log UNION ALL SELECT 'attempt', job FROM millrace.attempt
  UNION ALL SELECT 'artifact', job FROM millrace.artifact UNION ALL SELECT 'companion', job FROM millrace.companion`;

/** What must hold of the data as it lies, whatever happened to it. The constraints of the schema hold besides. */
const RULES: readonly Rule[] = [
  rule(
    "G3",
    "NOWHERE",
    "jobs whose ticket is gone",
    `SELECT j.id AS what FROM millrace.job j WHERE NOT EXISTS (SELECT FROM millrace.ready t WHERE t.job = j.seq)
       AND NOT EXISTS (SELECT FROM millrace.scheduled t WHERE t.job = j.seq) AND NOT EXISTS (SELECT FROM millrace.blocked t WHERE t.job = j.seq)
       AND NOT EXISTS (SELECT FROM millrace.running t WHERE t.job = j.seq) AND NOT EXISTS (SELECT FROM millrace.done t WHERE t.job = j.seq)`,
  ),
  rule(
    "G3",
    "TWICE",
    "jobs whose ticket lies in two places",
    `SELECT j.id AS what FROM (SELECT job FROM (${PLACES}) p GROUP BY job HAVING count(*) > 1) p JOIN millrace.job j ON j.seq = p.job`,
  ),
  rule(
    "G3",
    "ORPHAN",
    "tickets without a job",
    `SELECT 'row ' || p.job AS what FROM (${PLACES}) p WHERE NOT EXISTS (SELECT FROM millrace.job j WHERE j.seq = p.job)`,
  ),
  rule(
    "G3",
    "LANE",
    "jobs whose lane or queue is gone",
    `SELECT j.id AS what FROM millrace.job j WHERE NOT EXISTS (
       SELECT FROM millrace.lane l JOIN millrace.queue q ON q.id = l.queue WHERE l.id = j.lane)`,
  ),
  rule(
    "G3",
    "COUNTER",
    "jobs whose scope is gone",
    `SELECT j.id AS what FROM millrace.job j WHERE NOT EXISTS (SELECT FROM millrace.counter c WHERE c.id = j.scope)`,
  ),
  rule(
    "G3",
    "LEFTOVER",
    "keys, tags, log lines, attempts, artifacts or companions of a job that is gone",
    `SELECT p.thing || ' of row ' || p.job AS what FROM (${LEFTOVERS}) p
     WHERE NOT EXISTS (SELECT FROM millrace.job j WHERE j.seq = p.job)`,
  ),
  rule(
    "G4",
    "BEYOND",
    "numbers above their scope's counter",
    `SELECT c.scope || '#' || j.number AS what FROM millrace.job j JOIN millrace.counter c ON c.id = j.scope WHERE j.number > c.last`,
  ),
  rule(
    "G4",
    "AWAITING",
    "jobs whose transaction was committed without giving them their number",
    `SELECT j.id AS what FROM millrace.job j WHERE j.awaits_number`,
  ),
  rule(
    "G4",
    "GAPS",
    "scopes with a number that no job has",
    // Pruned jobs, adopted numbers and numbers of the user's own rows leave holes that are none of ours.
    `SELECT c.scope || ' has ' || count(j.number) || ' numbers up to ' || c.last AS what
     FROM millrace.counter c LEFT JOIN millrace.job j ON j.scope = c.id WHERE NOT c.has_holes
     GROUP BY c.id HAVING count(j.number) <> c.last OR coalesce(max(j.number), 0) <> c.last`,
  ),
  rule(
    "G5",
    "TIMELINE",
    "jobs that start or end before they were created",
    `SELECT j.id AS what FROM millrace.job_now j
     WHERE j.started_at < j.created_at OR j.finished_at < j.created_at OR j.finished_at < j.started_at`,
  ),
  rule(
    "G2",
    "TOKENS",
    "attempts with a token above their ticket's",
    `SELECT j.id AS what FROM millrace.attempt a JOIN millrace.job j ON j.seq = a.job
     LEFT JOIN millrace.running r ON r.job = a.job LEFT JOIN millrace.done d ON d.job = a.job
     LEFT JOIN millrace.ready y ON y.job = a.job LEFT JOIN millrace.scheduled s ON s.job = a.job
     WHERE a.token > coalesce(d.token, y.token, s.token, a.token) OR a.token >= r.token`,
  ),
  rule(
    "G6",
    "UNFINISHED",
    "jobs that ran out of attempts and still wait",
    `SELECT j.id AS what FROM millrace.job j JOIN (
       SELECT job, attempt FROM millrace.ready UNION ALL SELECT job, attempt FROM millrace.scheduled) t ON t.job = j.seq
     WHERE t.attempt >= j.max_attempts`,
  ),
  rule(
    "G8",
    "COMPANIONS",
    "finished jobs beside which secrets or traces still lie",
    `SELECT j.id AS what FROM millrace.companion c JOIN millrace.done d ON d.job = c.job JOIN millrace.job j ON j.seq = c.job`,
  ),
  rule(
    "G8",
    "UNTOLD_COMPANIONS",
    "jobs that do not tell of what travels beside them, so that it would stay when they end",
    `SELECT j.id AS what FROM millrace.companion c JOIN millrace.job j ON j.seq = c.job WHERE NOT j.has_companion`,
  ),
  rule(
    "G3",
    "LOST_COMPANIONS",
    "jobs whose secrets or traces are gone before their end",
    `SELECT j.id AS what FROM millrace.job j WHERE j.has_companion
       AND NOT EXISTS (SELECT FROM millrace.companion c WHERE c.job = j.seq) AND NOT EXISTS (SELECT FROM millrace.done d WHERE d.job = j.seq)`,
  ),
  rule(
    "G3",
    "DISCARDED_ARTIFACTS",
    "artifacts whose bytes are to be deleted",
    `SELECT j.id || ': ' || a.name AS what FROM millrace.artifact a
     JOIN millrace.place p ON p.place = a.place JOIN millrace.job j ON j.seq = a.job`,
  ),
];

const JOBS: NamedSql = { name: "AUDIT_JOBS", sql: `SELECT count(*) AS n FROM millrace.job` };

/** As `Store.audit`, on one state of all data. Reads only. */
export async function auditData(session: Session): Promise<AuditReport> {
  const jobs = (await session.get<{ n: number }>(JOBS))?.n ?? 0;
  const violations: Violation[] = [];
  for (const { guarantee, message, statement } of RULES) {
    const rows = (await session.all<{ what: string }>(statement)).map((row) => row.what);
    if (rows.length === 0) continue;
    const count = rows.length > 10 ? "more than 10" : String(rows.length);
    violations.push({ guarantee, message: `${count} ${message}`, rows: rows.slice(0, 10) });
  }
  return { jobs, violations };
}
