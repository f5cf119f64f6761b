import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { CancelResult, HeartbeatStatus, SettleStatus } from "../../core/store.ts";

/**
 * A line of a history. Calls and their answers are lines of their own, so that a process that dies in between leaves a
 * call without an answer: it may have had its effect, or not. Instants are microseconds on one clock for all processes.
 */
export type Entry = CallEntry | AnswerEntry | FaultEntry;

export interface CallEntry {
  readonly type: "call";
  readonly process: string;
  /** Counts the calls of the process. */
  readonly call: number;
  readonly at: number;
  readonly operation: Operation;
}

export interface AnswerEntry {
  readonly type: "answer";
  readonly process: string;
  readonly call: number;
  readonly at: number;
  readonly answer: Answer;
}

/** What was done to the system meanwhile, for the report. */
export interface FaultEntry {
  readonly type: "fault";
  readonly at: number;
  /** When it was over; the same as `at` for what takes no time. */
  readonly until: number;
  readonly fault: string;
  readonly target: string;
}

/** What was asked for, as far as a checker needs to know. */
export type Operation =
  | { readonly name: "enqueue"; readonly jobs: readonly EnqueuedJob[] }
  | { readonly name: "claim"; readonly worker: string; readonly leaseMs: number }
  | { readonly name: "heartbeat"; readonly leases: readonly LeaseRef[]; readonly leaseMs: number }
  | { readonly name: "report"; readonly leases: readonly LeaseRef[] }
  | { readonly name: "settle"; readonly ends: readonly AttemptEnd[] }
  | { readonly name: "cancel"; readonly jobs: readonly JobId[] }
  | { readonly name: "leave"; readonly worker: string };

export interface EnqueuedJob {
  readonly id: JobId;
  readonly scope: string;
}

/** How a worker wants an attempt to end. */
export interface AttemptEnd extends LeaseRef {
  readonly to: "completed" | "failed" | "cancelled" | "waiting";
}

/** In the order of what was asked for. */
export type Answer =
  | { readonly name: "enqueue"; readonly results: readonly EnqueueAnswer[] }
  | { readonly name: "claim"; readonly leases: readonly LeaseRef[] }
  | { readonly name: "heartbeat"; readonly statuses: readonly HeartbeatStatus[] }
  | { readonly name: "report"; readonly statuses: readonly ("kept" | "lost")[] }
  | { readonly name: "settle"; readonly statuses: readonly SettleStatus[] }
  | { readonly name: "cancel"; readonly statuses: readonly CancelResult["status"][] }
  | { readonly name: "leave" }
  /** Whether anything was done is not known where `isOutage`; nothing was, otherwise. */
  | { readonly name: "error"; readonly code: string; readonly isOutage: boolean };

/** The job that stands for the one asked for, which may be another; `null` where nothing was written. */
export type EnqueueAnswer = { readonly job: JobId; readonly number: number | null } | null;
