import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { Retention } from "../../core/queue.ts";
import type { CancelResult, HeartbeatStatus, SettleStatus } from "../../core/store.ts";

/**
 * A line of a history. Calls and their answers are lines of their own, so that a process that dies in between leaves a
 * call without an answer: it may have had its effect, or not. Instants are microseconds on one clock for all processes.
 * A history is that of one organisation.
 */
export type Entry = CallEntry | AnswerEntry | FaultEntry | ProcessEntry | StallEntry;

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

/** What was done to the system meanwhile. */
export interface FaultEntry {
  readonly type: "fault";
  readonly at: number;
  /** When it was over; the same as `at` for what takes no time. */
  readonly until: number;
  /** One of `FAULT_NAMES`, or another word. */
  readonly fault: string;
  /** The name of a process where it was done to one, as its `process` entry has it; anything else is the store. */
  readonly target: string;
}

/** A process says at its start who it is. Whoever takes the place of a killed one is another process. */
export interface ProcessEntry {
  readonly type: "process";
  readonly at: number;
  /** As in the entries it writes; one for each life. */
  readonly process: string;
  /** For people, such as `worker-3`: one for the place in the crew, however often it is filled again. */
  readonly name: string;
  readonly pid: number;
  readonly seed: number | null;
  /** Such as `producer` or `worker`. */
  readonly role: string;
}

/** The process got no time, or its event loop was blocked: what it asked for took longer by so much. */
export interface StallEntry {
  readonly type: "stall";
  readonly process: string;
  readonly at: number;
  readonly until: number;
}

/** What was asked for, as far as a checker needs to know. */
export type Operation =
  | {
      readonly name: "enqueue";
      readonly jobs: readonly EnqueuedJob[];
      /** The lease of the attempt that enqueues. @default none */
      readonly under?: LeaseRef;
      /** When one cannot be written, the others are not either. @default false */
      readonly isAllOrNone?: boolean;
    }
  | {
      readonly name: "claim";
      readonly worker: string;
      readonly leaseMs: number;
      /** At most so many. @default not known */
      readonly max?: number;
      /** Put off until there is something to claim, so that it has no bound. @default false */
      readonly waits?: boolean;
      /** The queues it takes from; `null` for all. @default not known */
      readonly queues?: readonly string[] | null;
      /** What its worker can do. @default not known */
      readonly labels?: readonly string[];
    }
  | { readonly name: "heartbeat"; readonly leases: readonly LeaseRef[]; readonly leaseMs: number }
  | { readonly name: "report"; readonly leases: readonly LeaseRef[] }
  | { readonly name: "settle"; readonly ends: readonly AttemptEnd[] }
  | { readonly name: "cancel"; readonly jobs: readonly JobId[] }
  | { readonly name: "leave"; readonly worker: string }
  | { readonly name: "promote" }
  | { readonly name: "rescue" }
  | { readonly name: "prune" }
  /** What a due schedule asks for, once for each job: whether it was written is known from the job alone. */
  | { readonly name: "fire"; readonly schedule: string; readonly dueAt: string | null; readonly job: EnqueuedJob }
  | { readonly name: "number"; readonly scope: string; readonly count: number }
  | { readonly name: "adopt"; readonly scope: string; readonly highest: number }
  | {
      readonly name: "configure";
      readonly queue: string;
      readonly isPaused?: boolean;
      readonly retention?: Partial<Retention>;
      readonly cancelGraceMs?: number;
    }
  /**
   * The end of a transaction of the caller's own, with all that was done in it. Written right before COMMIT or ROLLBACK
   * is sent; what a caller did in a transaction is in no other entry.
   */
  | {
      readonly name: "transact";
      readonly jobs: readonly EnqueuedJob[];
      /** Attempts that were settled in it, and not refused. */
      readonly ends: readonly AttemptEnd[];
      /** Numbers that were taken in it for the caller's own use. @default none */
      readonly numbers?: readonly NumberRange[];
      readonly to: "commit" | "rollback";
    };

/** A job as it was asked for. What is left out is not known, and what depends on it is not judged. */
export interface EnqueuedJob {
  readonly id: JobId;
  readonly scope: string;
  /** @default the scope */
  readonly queue?: string;
  /** Whether it gets a number; `null` where the queue decides. @default null */
  readonly numbered?: boolean | null;
  /** Those of one lane are claimed in order. Names queue, labels and fairness key; see `laneOf`. */
  readonly lane?: string;
  /** Labels a worker must have. */
  readonly requires?: readonly string[];
  /** Jobs of one queue with different ones take turns. */
  readonly fairKey?: string | null;
  readonly priority?: number;
  /** It is not to run at once. */
  readonly isDelayed?: boolean;
  /** Of jobs with one key only one has not ended. Names kind and key. */
  readonly key?: string | null;
}

export interface NumberRange {
  readonly scope: string;
  readonly first: number;
  readonly count: number;
}

/** How a worker wants an attempt to end. */
export interface AttemptEnd extends LeaseRef {
  readonly to: "completed" | "failed" | "cancelled" | "waiting";
}

/** In the order of what was asked for. */
export type Answer =
  | {
      readonly name: "enqueue";
      readonly results: readonly EnqueueAnswer[];
      /** The lease it was asked under is gone, so nothing was written. @default false */
      readonly isLost?: boolean;
    }
  | { readonly name: "claim"; readonly leases: readonly LeaseRef[] }
  | { readonly name: "heartbeat"; readonly statuses: readonly HeartbeatStatus[] }
  | { readonly name: "report"; readonly statuses: readonly ("kept" | "lost")[] }
  | { readonly name: "settle"; readonly statuses: readonly SettleStatus[] }
  | { readonly name: "cancel"; readonly statuses: readonly CancelResult["status"][] }
  /** How many jobs were handed back. @default not known */
  | { readonly name: "leave"; readonly count?: number }
  | { readonly name: "promote" | "rescue" | "prune"; readonly count: number }
  | { readonly name: "fire" }
  | { readonly name: "number"; readonly first: number }
  /** Where the scope stands. */
  | { readonly name: "adopt"; readonly status: "adopted" | "behind"; readonly last: number }
  | { readonly name: "configure" }
  | { readonly name: "transact" }
  /** Whether anything was done is not known where `isOutage`; nothing was, otherwise. */
  | { readonly name: "error"; readonly code: string; readonly isOutage: boolean };

/** The job that stands for the one asked for, which may be another; `null` where nothing was written. */
export type EnqueueAnswer = { readonly job: JobId; readonly number: number | null } | null;

/** Names a lane as a history has it. */
export function laneOf(queue: string, requires: readonly string[], fairKey: string | null): string {
  const labels = requires.length === 0 ? "" : ` {${requires.join(", ")}}`;
  return `${queue}${labels}${fairKey === null ? "" : ` for ${fairKey}`}`;
}
