import type { JobId } from "./job.ts";

export const JOB_EVENTS = [
  "enqueued",
  "started",
  "progress",
  "retrying",
  "snoozed",
  "released",
  "lost",
  "warned",
  "cancel_requested",
  "completed",
  "failed",
  "cancelled",
] as const;

/**
 * What happened to a job. `retrying` is a failed attempt with another to come, `lost` one whose lease ran out, `warned`
 * a time limit that is over while somebody holds the job by hand.
 */
export type JobEventType = (typeof JOB_EVENTS)[number];

export interface JobEvent {
  /** Names the place of the event in the stream; pass it as `after` to go on from there. */
  readonly cursor: string;
  readonly type: JobEventType;
  readonly at: Date;
  readonly job: JobId;
  readonly number: number | null;
  readonly scope: string;
  readonly queue: string;
  readonly kind: string;
  /** Who asked for the job. */
  readonly createdBy: string | null;
}
