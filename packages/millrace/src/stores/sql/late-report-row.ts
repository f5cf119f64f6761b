import type { JobId } from "../../core/job.ts";
import type { LateReport } from "../../core/late-report.ts";

/** As both stores read it: instants in milliseconds since the epoch. */
export interface LateReportRow {
  readonly id: JobId;
  readonly token: number;
  readonly at: number;
  readonly sent_by: string;
  readonly report: string;
}

export function lateReportFrom({ id, token, at, sent_by: by, report }: LateReportRow): LateReport {
  return { job: id, token, at: new Date(at), by, report };
}
