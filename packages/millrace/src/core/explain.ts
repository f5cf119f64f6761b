import type { Job } from "./job.ts";
import { missingLabels } from "./lane.ts";
import { isManual, MANUAL } from "./manual.ts";
import type { JobSituation } from "./store.ts";

/** Why a job is where it is. */
export interface Explanation {
  readonly job: Job;
  /** Whole sentences for people, the weightiest first. */
  readonly sentences: readonly string[];
}

export function explain(situation: JobSituation): Explanation {
  return { job: situation.job, sentences: sentencesFor(situation) };
}

function sentencesFor(situation: JobSituation): readonly string[] {
  const { job, isQueuePaused, aheadCount, workers } = situation;
  switch (job.state) {
    case "blocked":
      return ["It waits for other jobs to end."];
    case "scheduled":
      return [waiting(job)];
    case "queued":
      return [...obstacles(job, isQueuePaused, workers), ...queuePlace(aheadCount)];
    case "running":
      return [running(situation), ...warning(situation)];
    case "completed":
      return [`It completed at ${iso(job.finishedAt)} on attempt ${job.attempt} of ${job.maxAttempts}.`];
    case "failed":
      return [`It failed at ${iso(job.finishedAt)} on attempt ${job.attempt} of ${job.maxAttempts}: ${errorOf(job)}.`];
    case "cancelled": {
      const by = job.cancelledBy === null ? "" : ` by ${job.cancelledBy}`;
      const why = job.cancelReason === null ? "" : `: ${job.cancelReason}`;
      return [`It was cancelled${by} at ${iso(job.cancelledAt)}${why}.`];
    }
  }
}

function waiting(job: Job): string {
  if (job.error !== null) {
    return `It waits for its next attempt until ${iso(job.runAt)}; attempt ${job.error.attempt} of ${job.maxAttempts} failed: ${errorOf(job)}.`;
  }
  if (job.startedAt !== null) return `It was put off until ${iso(job.runAt)}.`;
  return `It is not due before ${iso(job.runAt)}.`;
}

function running({ job, attemptStartedAt }: JobSituation): string {
  const on = job.worker === null ? "" : ` on ${job.worker}`;
  const cancelling = job.cancelRequestedAt === null ? "" : ` Its cancel was accepted at ${iso(job.cancelRequestedAt)}.`;
  return `It has been running${on} since ${iso(attemptStartedAt)}, attempt ${job.attempt} of ${job.maxAttempts}.${cancelling}`;
}

function warning({ warnedAt, leaseUntil }: JobSituation): readonly string[] {
  if (warnedAt === null) return [];
  return [
    `Its time limit was over at ${iso(warnedAt)}; it fails at ${iso(leaseUntil)} unless it is reported or extended.`,
  ];
}

function obstacles(job: Job, isQueuePaused: boolean, workers: JobSituation["workers"]): readonly string[] {
  const found: string[] = [];
  if (isQueuePaused) found.push(`The queue "${job.queue}" is paused.`);
  if (isManual(job)) return [...found, "It is done by hand: `millrace jobs claim` takes it."];
  const serving = workers.filter(
    ({ queues, labels }) => !labels.includes(MANUAL) && (queues === null || queues.includes(job.queue)),
  );
  if (serving.length === 0) {
    found.push(`No live worker serves the queue "${job.queue}".`);
    return found;
  }
  const missing = serving.map((worker) => missingLabels(job.requires, new Set(worker.labels)));
  const fewest = missing.toSorted((a, b) => a.length - b.length)[0] ?? [];
  if (fewest.length > 0) {
    const labels = fewest.map((label) => `"${label}"`).join(" and ");
    found.push(`No live worker of the queue "${job.queue}" has the label ${labels}.`);
  } else if (!isQueuePaused && serving.every((worker) => worker.running >= worker.concurrency)) {
    found.push("Every worker that could run it is busy.");
  }
  return found;
}

function queuePlace(aheadCount: number | null): readonly string[] {
  if (aheadCount === null) return [];
  if (aheadCount === 0) return ["It is the next of its lane."];
  const count = aheadCount >= 10_000 ? "at least 10000 jobs" : aheadCount === 1 ? "1 job" : `${aheadCount} jobs`;
  return [`It is behind ${count}.`];
}

function errorOf(job: Job): string {
  return job.error === null ? "no reason was kept" : `${job.error.name}: ${job.error.message}`;
}

function iso(date: Date | null): string {
  return date === null ? "an unknown time" : date.toISOString();
}
