import type { JobId } from "../../core/job.ts";
import type { LogLine, LogStream } from "../../core/log-line.ts";
import type { JobSituation } from "../../core/store.ts";
import { toDate } from "../sql/job-row.ts";
import { readJobs } from "./read.ts";
import type { NamedSql, Session } from "./session.ts";
import { readWorkers } from "./workers.ts";

const PAUSED: NamedSql = {
  name: "EXPLAIN_PAUSED",
  sql: `SELECT 1 FROM millrace_queue WHERE org = ? AND name = ? AND paused_at IS NOT NULL`,
};
/** Counting stops at 10,000: nobody waits to hear the exact length of a long line. */
const AHEAD: NamedSql = {
  name: "EXPLAIN_AHEAD",
  sql: `SELECT count(*) AS n FROM (
          SELECT 1 FROM millrace_ready me CROSS JOIN millrace_ready y ON y.lane = me.lane
          WHERE me.job = (SELECT seq FROM millrace_job WHERE id = ?)
            AND (y.priority > me.priority OR (y.priority = me.priority AND (y.run_at, y.job) < (me.run_at, me.job)))
          LIMIT 10000)`,
};
/** Of the attempt that is not among the earlier ones. */
const ATTEMPT: NamedSql = {
  name: "EXPLAIN_ATTEMPT",
  sql: `SELECT coalesce(r.attempt_started_at, d.attempt_started_at) AS started_at, r.lease_until, r.warned_at FROM millrace_job j
        LEFT JOIN millrace_running r ON r.job = j.seq LEFT JOIN millrace_done d ON d.job = j.seq
        WHERE j.id = ?`,
};
const LINES: NamedSql = {
  name: "READ_LOG",
  sql: `SELECT g.* FROM millrace_log g WHERE g.job = (SELECT seq FROM millrace_job WHERE id = ?1) AND g.sequence > ?2
        ORDER BY g.sequence LIMIT ?3`,
};

interface AttemptRow {
  readonly started_at: number | null;
  readonly lease_until: number | null;
  readonly warned_at: number | null;
}

/** As `Store.explain`. */
export function readSituation(session: Session, id: JobId): JobSituation | null {
  const [job] = readJobs(session, [id]);
  if (job === undefined || job === null) return null;
  const attempt = session.get<AttemptRow>(ATTEMPT, id);
  return {
    job,
    isQueuePaused: session.get(PAUSED, job.org, job.queue) !== undefined,
    aheadCount: job.state === "queued" ? (session.get<{ n: number }>(AHEAD, id)?.n ?? 0) : null,
    attemptStartedAt: toDate(attempt?.started_at ?? null),
    leaseUntil: toDate(attempt?.lease_until ?? null),
    warnedAt: toDate(attempt?.warned_at ?? null),
    workers: readWorkers(session, job.org),
  };
}

/** As `Store.logs`. */
export function readLog(session: Session, id: JobId, after: number, limit: number): readonly LogLine[] {
  const rows = session.all<{ sequence: number; at: number; stream: LogStream; attempt: number; text: string }>(
    LINES,
    id,
    after,
    limit,
  );
  return rows.map(({ sequence, at, stream, attempt, text }) => ({ sequence, at: new Date(at), stream, attempt, text }));
}
