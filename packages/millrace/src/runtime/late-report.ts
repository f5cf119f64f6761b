import { LeaseLostError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { MAX_LATE_REPORT_LENGTH, type LateReport, type LateReportStore } from "../core/late-report.ts";

/** Keep a report whose lease was over. @returns whether it is kept; one that is too long, or of no lease there was, is not */
export async function keepLate(store: LateReportStore, report: Omit<LateReport, "at">): Promise<boolean> {
  if (report.report.length > MAX_LATE_REPORT_LENGTH) return false;
  return (await store.keepLateReport(report)) === "kept";
}

/** What whoever reported too late is told. */
export function tooLate(job: Job, isKept: boolean): LeaseLostError {
  const name = job.number === null ? job.id : `${job.scope}#${job.number}`;
  const now =
    job.state === "failed" ? `it has failed (${job.error?.name ?? "no reason was kept"})` : `it is ${job.state}`;
  const kept = isKept ? "; the report is kept, and can be adopted by a retry" : "";
  return new LeaseLostError(`${name}: this came too late, ${now}${kept}`, {
    details: { job: job.id, state: job.state, isKept },
  });
}
