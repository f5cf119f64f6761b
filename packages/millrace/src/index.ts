export type {
  ArtifactBytes,
  ArtifactDetails,
  ArtifactDownload,
  ArtifactInfo,
  ArtifactRange,
  AttemptArtifacts,
} from "./core/attempt-artifacts.ts";
export type { BackoffFunction, BackoffPolicy } from "./core/backoff.ts";
export {
  AttemptTimeoutError,
  CancelledError,
  ConflictError,
  InputError,
  InvariantError,
  isMillraceError,
  LeaseLostError,
  MillraceError,
  NotFoundError,
  OptionsError,
  PermanentError,
  ShutdownError,
  StoreError,
  WaitTimeoutError,
  type ErrorCode,
} from "./core/errors.ts";
export type { JobEvent, JobEventType } from "./core/event.ts";
export type { Explanation } from "./core/explain.ts";
export type { Handler, HandlerContext, HandlerResult } from "./core/handler.ts";
export type { AttemptRecord, Job, JobId, JobProgress } from "./core/job.ts";
export type { JobError } from "./core/job-error.ts";
export type { JsonValue } from "./core/json.ts";
export { defineJob, type JobDefinition, type JobDefinitionOptions } from "./core/kind.ts";
export type { LateReport } from "./core/late-report.ts";
export type { LogLine, LogStream } from "./core/log-line.ts";
export { cancel, complete, fail, snooze, type Outcome } from "./core/outcome.ts";
export type { OpenCounts, Queue, QueueOverrides, QueueSettings, Retention } from "./core/queue.ts";
export type { Schedule } from "./core/schedule.ts";
export type { Secrets } from "./core/secrets.ts";
export type { FinalState, JobState } from "./core/states.ts";
export type {
  AuditedPart,
  AuditOptions,
  AuditPart,
  AuditReport,
  DataViolation,
  Diagnosis,
  Violation,
} from "./core/audit.ts";
export type { JobCounts, JobFilter, JobPage } from "./core/store.ts";
export type { WorkerInfo } from "./core/worker-info.ts";
export { openMillrace, type MillraceOptions } from "./open-millrace.ts";
export type { StoreTarget } from "./open-store.ts";
export type { ByHand, HandReport, HeldJob } from "./runtime/by-hand.ts";
export type { EnqueueOptions, RetryOptions } from "./runtime/enqueue-options.ts";
export type { EnqueueItem } from "./runtime/enqueuer.ts";
export type { Logger } from "./runtime/logger.ts";
export { Millrace } from "./runtime/millrace.ts";
export type { QueueHandle } from "./runtime/queue-handle.ts";
export type { ScheduleOptions } from "./runtime/schedule-options.ts";
export type { WorkerOptions } from "./runtime/worker-options.ts";
export type { Worker, WorkerStats } from "./runtime/worker.ts";
