import type { JobId } from "./job.ts";
import type { LeaseRef } from "./lease.ts";

/** The report of a lease that was over when it came. It changed nothing, and is kept for whoever can make use of it. */
export interface LateReport extends LeaseRef {
  readonly at: Date;
  /** Who sent it. */
  readonly by: string;
  /** JSON text: what would have been the result. */
  readonly report: string;
}

/** A longer report is refused; in characters. */
export const MAX_LATE_REPORT_LENGTH = 65_536;

export interface LateReportStore {
  /**
   * Keep what came too late. Sending it again is safe: of each lease the first one stands. "unknown": no attempt that is
   * over had this token, and nothing was kept.
   */
  keepLateReport(report: Omit<LateReport, "at">): Promise<"kept" | "unknown">;
  /** In the order of their tokens. */
  lateReports(job: JobId): Promise<readonly LateReport[]>;
}
