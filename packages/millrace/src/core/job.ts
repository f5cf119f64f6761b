import type { BackoffPolicy } from "./backoff.ts";
import type { JobError } from "./job-error.ts";
import type { JobState } from "./states.ts";

/** `job_` and a ULID in lower case: 26 characters of Crockford's base 32. */
export type JobId = `job_${string}`;

export interface JobProgress {
  /** 0 to 100. */
  readonly percent: number;
  readonly message: string | null;
}

/**
 * A job and where it stands, as of the moment it was read. The facts (kind, payload, limits …) never change;
 * the rest follows its ticket.
 */
export interface Job<Payload = unknown, Result = unknown> {
  readonly id: JobId;
  /** Place in its scope, from 1, without gaps; `null` when the queue or the caller opted out. */
  readonly number: number | null;
  readonly scope: string;
  readonly queue: string;
  readonly kind: string;
  readonly payload: Payload;
  readonly state: JobState;
  /** Higher runs sooner. */
  readonly priority: number;
  /** Tries counted so far, the running one included. Snooze and release give theirs back. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Time limit of one attempt in milliseconds; `null` leaves it to the definition or the queue. */
  readonly timeoutMs: number | null;
  /** Delays between attempts; `null` leaves them to the definition or the queue. */
  readonly backoff: BackoffPolicy | null;
  /** When the job may run, or might have: its due time. */
  readonly runAt: Date;
  readonly createdAt: Date;
  /** Start of the first attempt; `null` if none ever started. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly result: Result | null;
  readonly error: JobError | null;
  readonly progress: JobProgress | null;
  readonly org: string;
  readonly createdBy: string | null;
  readonly group: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Labels a worker must have. */
  readonly requires: readonly string[];
  /** Jobs of one queue with different fairness keys take turns. */
  readonly fairKey: string | null;
  readonly key: string | null;
  readonly retryOf: JobId | null;
  /** The worker of the running or last attempt. */
  readonly worker: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelledBy: string | null;
  readonly cancelledAt: Date | null;
  readonly cancelReason: string | null;
}

/** One earlier or final try, as kept in the store. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly token: number;
  readonly worker: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly ending: AttemptEnding;
  readonly error: JobError | null;
}

/** How an attempt ended that did not end its job. */
export type AttemptEnding = "failed" | "snoozed" | "released" | "lost";

const JOB_ID = /^job_[0-9a-hjkmnp-tv-z]{26}$/;

export function isJobId(text: string): text is JobId {
  return JOB_ID.test(text);
}
