import type { JobId } from "../../core/job.ts";
import type { LogLine, LogStream } from "../../core/log-line.ts";
import type { JobSituation } from "../../core/store.ts";
import { toDate } from "../sql/job-row.ts";
import { readJobs } from "./read.ts";
import type { Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";
import { readWorkers } from "./workers.ts";

const PAUSED: NamedSql = {
  name: "EXPLAIN_PAUSED",
  sql: `SELECT 1 AS n FROM millrace.queue WHERE org = $1::text AND name = $2::text AND paused_at IS NOT NULL`,
};
/**
 * Counting stops at 10,000: nobody waits to hear the exact length of a long line.
 * Index: ready_by_turn, in two ranges, since one over both would read on to the end of the lane.
 */
const AHEAD: NamedSql = {
  name: "EXPLAIN_AHEAD",
  sql: `SELECT count(*) AS n FROM (
          SELECT 1 FROM millrace.ready me CROSS JOIN LATERAL (
            SELECT 1 FROM millrace.ready y WHERE y.lane = me.lane AND y.priority > me.priority
            UNION ALL
            SELECT 1 FROM millrace.ready y
            WHERE y.lane = me.lane AND y.priority = me.priority AND (y.run_at, y.job) < (me.run_at, me.job)
          ) ahead
          WHERE me.job = (SELECT j.seq FROM millrace.job j WHERE j.id = $1::text)
          LIMIT 10000) counted`,
};
/** Of the attempt that is not among the earlier ones. */
const ATTEMPT: NamedSql = {
  name: "EXPLAIN_ATTEMPT",
  sql: `SELECT coalesce(r.attempt_started_at, d.attempt_started_at) AS started_at, r.lease_until, r.warned_at FROM millrace.job j
        LEFT JOIN millrace.running r ON ${lookUp("r.job", "j.seq")} LEFT JOIN millrace.done d ON ${lookUp("d.job", "j.seq")}
        WHERE j.id = $1::text`,
};
const LINES: NamedSql = {
  name: "READ_LOG",
  sql: `SELECT g.* FROM millrace.log g
        WHERE g.job = (SELECT j.seq FROM millrace.job j WHERE j.id = $1::text) AND g.sequence > $2::text::bigint
        ORDER BY g.sequence LIMIT $3::text::bigint`,
};

interface AttemptRow {
  readonly started_at: number | null;
  readonly lease_until: number | null;
  readonly warned_at: number | null;
}

/** As `Store.explain`. */
export async function readSituation(session: Session, id: JobId): Promise<JobSituation | null> {
  const [job] = await readJobs(session, [id]);
  if (job === undefined || job === null) return null;
  const attempt = await session.get<AttemptRow>(ATTEMPT, id);
  return {
    job,
    isQueuePaused: (await session.get(PAUSED, job.org, job.queue)) !== undefined,
    aheadCount: job.state === "queued" ? ((await session.get<{ n: number }>(AHEAD, id))?.n ?? 0) : null,
    attemptStartedAt: toDate(attempt?.started_at ?? null),
    leaseUntil: toDate(attempt?.lease_until ?? null),
    warnedAt: toDate(attempt?.warned_at ?? null),
    workers: await readWorkers(session, job.org),
  };
}

/** As `Store.logs`. */
export async function readLog(session: Session, id: JobId, after: number, limit: number): Promise<readonly LogLine[]> {
  const rows = await session.all<{ sequence: number; at: number; stream: LogStream; attempt: number; text: string }>(
    LINES,
    id,
    after,
    limit,
  );
  return rows.map(({ sequence, at, stream, attempt, text }) => ({ sequence, at: new Date(at), stream, attempt, text }));
}
