import type { Job } from "../core/job.ts";
import type { Millrace } from "../index.ts";
import { errorOf, jobLine, jsonOf } from "./job-view.ts";
import { jobLabel } from "./job-name.ts";
import type { Output } from "./output.ts";
import type { Session } from "./session.ts";

const LOOK_EVERY_MS = 250;

/**
 * The job once it has ended. Meanwhile a terminal shows how far it is.
 * @throws WaitTimeoutError
 */
export async function waitForJob(session: Session, mill: Millrace, job: Job, timeoutMs?: number): Promise<Job> {
  const { progress } = session.out;
  const look = async (): Promise<void> => {
    const now = await mill.get(job.id);
    if (now === null) return;
    const message = now.progress?.message ?? "";
    progress.update(
      now.progress?.percent ?? 0,
      now.progress === null ? null : 100,
      `${jobLabel(now)} ${now.state} ${message}`,
    );
  };
  // The bar is for the eye only; a failed look is followed by another one.
  const timer = session.out.isProgressShown
    ? setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS)
    : undefined;
  try {
    return await mill.wait(job.id, timeoutMs === undefined ? {} : { timeoutMs });
  } finally {
    clearInterval(timer);
    progress.clear();
  }
}

/** How a job ended: its line, and its result or why there is none. */
export function jobReport(job: Job, out: Output): string[] {
  const error = errorOf(job);
  return [
    jobLine(job, out),
    ...(job.state === "completed" ? [jsonOf(job.result, out)] : []),
    ...(error === null ? [] : [error]),
    ...(job.cancelReason === null ? [] : [job.cancelReason]),
  ];
}
