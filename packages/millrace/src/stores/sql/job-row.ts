import type { BackoffPolicy } from "../../core/backoff.ts";
import type { AttemptEnding, AttemptRecord, Job, JobId } from "../../core/job.ts";
import type { JobError } from "../../core/job-error.ts";
import type { JobState } from "../../core/states.ts";

/** A row of the view `millrace_jobs`. Instants are milliseconds since the epoch, lists and objects JSON text. */
export interface JobRow {
  readonly seq: number;
  readonly id: JobId;
  readonly number: number | null;
  readonly scope: string;
  readonly queue: string;
  readonly org: string;
  readonly kind: string;
  readonly payload: string;
  readonly state: JobState;
  readonly priority: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly timeout_ms: number | null;
  readonly backoff: string | null;
  readonly run_at: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly percent: number | null;
  readonly message: string | null;
  readonly created_by: string | null;
  readonly group: string | null;
  readonly tags: string | null;
  readonly requires: string;
  readonly fair_key: string;
  readonly key: string | null;
  readonly retry_of: JobId | null;
  readonly worker: string | null;
  readonly cancel_requested_at: number | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason: string | null;
}

const NO_TAGS = Object.freeze({});
const NO_LABELS: readonly string[] = Object.freeze([]);

/** The job as users see it. */
export function jobFromRow(row: JobRow): Job {
  const finishedAt = toDate(row.finished_at);
  return {
    id: row.id,
    number: row.number,
    scope: row.scope,
    queue: row.queue,
    kind: row.kind,
    payload: JSON.parse(row.payload),
    state: row.state,
    priority: row.priority,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    timeoutMs: row.timeout_ms,
    backoff: fromJson<BackoffPolicy>(row.backoff),
    runAt: new Date(row.run_at),
    createdAt: new Date(row.created_at),
    startedAt: toDate(row.started_at),
    finishedAt,
    result: fromJson(row.result),
    error: fromJson<JobError>(row.error),
    progress: row.percent === null ? null : { percent: row.percent, message: row.message },
    org: row.org,
    createdBy: row.created_by,
    group: row.group,
    tags: fromJson<Record<string, string>>(row.tags) ?? NO_TAGS,
    requires: row.requires === "[]" ? NO_LABELS : (JSON.parse(row.requires) as string[]),
    fairKey: row.fair_key === "" ? null : row.fair_key,
    key: row.key,
    retryOf: row.retry_of,
    worker: row.worker,
    cancelRequestedAt: toDate(row.cancel_requested_at),
    cancelledBy: row.cancelled_by,
    cancelledAt: row.state === "cancelled" ? finishedAt : null,
    cancelReason: row.cancel_reason,
  };
}

export interface AttemptRow {
  readonly attempt: number;
  readonly token: number;
  readonly worker: string;
  readonly started_at: number;
  readonly ended_at: number;
  readonly ending: AttemptEnding;
  readonly error: string | null;
}

export function attemptFromRow(row: AttemptRow): AttemptRecord {
  return {
    attempt: row.attempt,
    token: row.token,
    worker: row.worker,
    startedAt: new Date(row.started_at),
    endedAt: new Date(row.ended_at),
    ending: row.ending,
    error: fromJson<JobError>(row.error),
  };
}

export function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function fromJson<T = unknown>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}
