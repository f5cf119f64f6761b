import type { JobId } from "../../core/job.ts";
import type { LateReport } from "../../core/late-report.ts";
import { lateReportFrom, type LateReportRow } from "../sql/late-report-row.ts";
import type { NamedSql, Session } from "./session.ts";

/** Guard: the token is that of an attempt which is over. */
const KEEP: NamedSql = {
  name: "LATE_REPORT_KEEP",
  sql: `INSERT INTO millrace_late_report (job, token, at, sent_by, report)
        SELECT j.seq, ?2, ?3, ?4, ?5 FROM millrace_job j
        WHERE j.id = ?1 AND (
          EXISTS (SELECT 1 FROM millrace_done d WHERE d.job = j.seq AND d.token = ?2)
          OR EXISTS (SELECT 1 FROM millrace_attempt a WHERE a.job = j.seq AND a.token = ?2))
        ON CONFLICT (job, token) DO NOTHING`,
};
const KEPT: NamedSql = {
  name: "LATE_REPORT_KEPT",
  sql: `SELECT 1 FROM millrace_job j CROSS JOIN millrace_late_report r ON r.job = j.seq AND r.token = ?2 WHERE j.id = ?1`,
};
const OF_JOB: NamedSql = {
  name: "LATE_REPORT_OF_JOB",
  sql: `SELECT j.id, r.token, r.at, r.sent_by, r.report
        FROM millrace_job j CROSS JOIN millrace_late_report r ON r.job = j.seq WHERE j.id = ? ORDER BY r.token`,
};

/** As `Store.keepLateReport`, inside a transaction. */
export function keepLateReport(session: Session, late: Omit<LateReport, "at">): "kept" | "unknown" {
  const { job, token, by, report } = late;
  const isNew = session.run(KEEP, job, token, session.now(), by, report) > 0;
  return isNew || session.get(KEPT, job, token) !== undefined ? "kept" : "unknown";
}

export function readLateReports(session: Session, job: JobId): readonly LateReport[] {
  return session.all<LateReportRow>(OF_JOB, job).map(lateReportFrom);
}
