import type { AttemptEnding, AttemptRecord, Job, JobId } from "../core/job.ts";
import { isFinal } from "../core/states.ts";
import type { JobStore } from "../core/store.ts";
import type { TimelineEntry } from "./api/events.ts";

/** What a stream of events calls the end of an attempt. */
const TYPE_BY_ENDING = {
  failed: "retrying",
  snoozed: "snoozed",
  released: "released",
  lost: "lost",
} as const satisfies Record<AttemptEnding, TimelineEntry["type"]>;

interface Past {
  readonly job: Job;
  /** Before the present one. */
  readonly attempts: readonly AttemptRecord[];
  /** Of the running or last one. */
  readonly attemptStartedAt: Date | null;
}

/** After so many looks at a job whose attempts end faster than it is read, the last is as good as any. */
const MOST_LOOKS = 5;

/** The timeline of a job; empty when there is no such job any more. */
export async function readTimeline(store: JobStore, id: JobId): Promise<readonly TimelineEntry[]> {
  let attempts = await store.attempts(id);
  for (let looks = 1; ; looks++) {
    const situation = await store.explain(id);
    if (situation === null) return [];
    // An attempt that ended in between would be missing, or told twice.
    const later = await store.attempts(id);
    if (later.length === attempts.length || looks === MOST_LOOKS) return timelineOf({ ...situation, attempts });
    attempts = later;
  }
}

/** What happened to a job, in the order in which it did: one attempt after the other, and the end last. */
function timelineOf({ job, attempts, attemptStartedAt }: Past): readonly TimelineEntry[] {
  const attempt = attemptStartedAt === null ? null : job.attempt;
  return [
    entry("enqueued", job.createdAt, { by: job.createdBy }),
    ...attempts.flatMap(({ startedAt, endedAt, ending, error, ...rest }) => [
      entry("started", startedAt, { by: rest.worker, attempt: rest.attempt }),
      entry(TYPE_BY_ENDING[ending], endedAt, { by: rest.worker, attempt: rest.attempt, error }),
    ]),
    ...(attemptStartedAt === null ? [] : [entry("started", attemptStartedAt, { by: job.worker, attempt })]),
    ...(job.cancelRequestedAt === null
      ? []
      : [entry("cancel_requested", job.cancelRequestedAt, { by: job.cancelledBy, reason: job.cancelReason })]),
    ...endOf(job, attempt),
  ];
}

function endOf(job: Job, attempt: number | null): readonly TimelineEntry[] {
  const { state, finishedAt, error } = job;
  if (!isFinal(state) || finishedAt === null) return [];
  if (state === "cancelled") {
    return [entry(state, finishedAt, { by: job.cancelledBy, attempt, reason: job.cancelReason })];
  }
  return [entry(state, finishedAt, { by: job.worker, attempt, error })];
}

function entry(
  type: TimelineEntry["type"],
  at: Date,
  details: Partial<Omit<TimelineEntry, "type" | "at">>,
): TimelineEntry {
  return { type, at: at.toISOString(), by: null, attempt: null, reason: null, error: null, ...details };
}
