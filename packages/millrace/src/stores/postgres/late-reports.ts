import type { JobId } from "../../core/job.ts";
import type { LateReport } from "../../core/late-report.ts";
import { lateReportFrom, type LateReportRow } from "../sql/late-report-row.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, lookUpRow, type NamedSql } from "./statements.ts";

/** Guard: the token is that of an attempt which is over. Holds the row of the job, so that prune leaves nothing behind. */
const KEEP: NamedSql = {
  name: "LATE_REPORT_KEEP",
  sql: `WITH j AS MATERIALIZED (SELECT seq FROM millrace.job WHERE id = $1::text FOR KEY SHARE)
        INSERT INTO millrace.late_report (job, token, at, sent_by, report)
        SELECT j.seq, $2::text::bigint, ${presentAt(3)}, $4::text, $5::text FROM j
        WHERE EXISTS (SELECT 1 FROM millrace.done d WHERE ${lookUp("d.job", "j.seq")} AND d.token = $2::text::bigint)
          OR EXISTS (SELECT 1 FROM millrace.attempt a WHERE ${lookUp("a.job", "j.seq")} AND a.token = $2::text::bigint)
        ON CONFLICT (job, token) DO NOTHING`,
};
const OF_JOB: NamedSql = {
  name: "LATE_REPORT_OF_JOB",
  sql: `SELECT j.id, r.token, r.at, r.sent_by, r.report
        FROM millrace.job j ${lookUpRow("late_report", "r", "r.job = j.seq")} WHERE j.id = $1::text ORDER BY r.token`,
};

/** As `Store.keepLateReport`, inside a transaction. */
export async function keepLateReport(session: Session, late: Omit<LateReport, "at">): Promise<"kept" | "unknown"> {
  const { job, token, by, report } = late;
  if ((await session.run(KEEP, job, token, session.now(), by, report)) > 0) return "kept";
  const kept = await readLateReports(session, job);
  return kept.some((each) => each.token === token) ? "kept" : "unknown";
}

export async function readLateReports(session: Session, job: JobId): Promise<readonly LateReport[]> {
  return (await session.all<LateReportRow>(OF_JOB, job)).map(lateReportFrom);
}
