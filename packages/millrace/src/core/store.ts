import type { ApiKeyStore } from "./api-key.ts";
import type { ArtifactStore } from "./artifact.ts";
import type { AuditOptions, AuditReport, Diagnosis } from "./audit.ts";
import type { BackoffPolicy } from "./backoff.ts";
import type { Companion, CompanionStore } from "./companion.ts";
import type { JobEvent } from "./event.ts";
import type { AttemptRecord, Job, JobId, JobProgress } from "./job.ts";
import type { QueueChoice } from "./lane.ts";
import type { LateReportStore } from "./late-report.ts";
import type { Lease, LeaseRef } from "./lease.ts";
import type { LogLine, LogStream } from "./log-line.ts";
import type { NumberStore, NumberWrites } from "./number-store.ts";
import type { Queue, QueueOverrides, QueueSettings } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import type { Settlement } from "./settlement.ts";
import type { JobState } from "./states.ts";
import type { StoreCapabilities } from "./store-capabilities.ts";
import type { TransferStore } from "./transfer.ts";
import type { WebhookStore } from "./webhook.ts";
import type { WorkerInfo } from "./worker-info.ts";

export type { AuditOptions, AuditReport, Diagnosis } from "./audit.ts";

/**
 * THE PORT: all that the runtime asks of a database.
 *
 * Arrays in, arrays of the same length out, in order. A lost race is a status in the answer; an exception is an
 * outage (`StoreError`, often retryable) or a bug. Every method is atomic, and bounded: 5 s for single moves, 10 s
 * for bulk work, then `store_busy`. Time is the store's own clock; no caller ever sends the present.
 */
export interface Store
  extends
    JobStore,
    LeaseStore,
    UpkeepStore,
    QueueStore,
    NumberStore,
    ChangeStore,
    TransferStore,
    ApiKeyStore,
    ArtifactStore,
    CompanionStore,
    LateReportStore,
    WebhookStore {
  readonly capabilities: StoreCapabilities;
  /** The one organisation whose data is seen here; left out by a store that has the data of all. */
  readonly org?: string;
  /** Bring the schema up to date. Answers the names of the steps it took; many processes may try at once. */
  migrate(): Promise<readonly string[]>;
  /** Ends every connection. Calls still waiting are answered first. Safe to call twice. */
  close(): Promise<void>;
}

// ─── Jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A job as it is asked for. What is `null` or left out falls to the queue's settings. */
export interface EnqueueRequest {
  readonly id: JobId;
  readonly org: string;
  readonly queue: string;
  readonly kind: string;
  /** JSON text. */
  readonly payload: string;
  readonly priority: number;
  /** Wait this long first, in milliseconds from the store's present. */
  readonly delayMs: number | null;
  /** Or until then; wins over `delayMs`. */
  readonly runAt: Date | null;
  readonly key: string | null;
  /** The queue's name unless given. */
  readonly scope: string | null;
  readonly numbered: boolean | null;
  readonly group: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Sorted, each once. */
  readonly requires: readonly string[];
  readonly fairKey: string | null;
  readonly maxAttempts: number | null;
  readonly timeoutMs: number | null;
  readonly backoff: BackoffPolicy | null;
  readonly createdBy: string | null;
  readonly retryOf: JobId | null;
  /** Travels beside the job; written with it, or not at all. @default none */
  readonly companion?: Companion;
  /** Sent before so many milliseconds ago, and nobody heard what became of it; see `refuseForgotten`. @default never */
  readonly sentMsAgo?: number;
}

/** What else holds for the requests of a call. */
export interface EnqueueTerms {
  /** The lease of the attempt that enqueues; when it is gone nothing is written: "lost", but for what had been before. */
  readonly under?: LeaseRef;
  /** When one is a duplicate, the others are not written either. @default false */
  readonly isAllOrNone?: boolean;
}

export type EnqueueResult =
  | { readonly status: "created"; readonly job: Job }
  /** A live job with this key and payload was there. */
  | { readonly status: "existing"; readonly job: Job }
  /** A live job with this key was there, with another payload; `null` when it is another of the same call. */
  | { readonly status: "duplicate"; readonly job: Job | null }
  /** All or none was asked for, and another of the call was a duplicate; nothing was written. */
  | { readonly status: "withheld" }
  /** The lease under which this was asked is gone; nothing was written for the whole call. */
  | { readonly status: "lost" };

export interface JobFilter {
  readonly org?: string;
  readonly state?: JobState | readonly JobState[];
  readonly queue?: string;
  readonly kind?: string;
  readonly scope?: string;
  readonly group?: string;
  /** `name` or `name=value`. */
  readonly tag?: string;
  readonly createdBy?: string;
  readonly worker?: string;
  /** Part of an id, a kind, a key or a group, as typed into a search field. */
  readonly q?: string;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** Hand it back to get the next page; `null` on the last. */
  readonly nextCursor: string | null;
}

export type JobCounts = Readonly<Record<JobState, number>>;

export interface CancelRequest {
  readonly id: JobId;
  readonly by: string | null;
  readonly reason: string | null;
}

export type CancelResult =
  /** It was waiting and is cancelled now, or was cancelled before; the first record stands. */
  | { readonly status: "cancelled"; readonly job: Job }
  /** It runs; its worker is told, and it ends as cancelled within the grace period. */
  | { readonly status: "requested"; readonly job: Job }
  /** It had completed or failed. */
  | { readonly status: "finished"; readonly job: Job }
  | { readonly status: "not_found" };

export interface JobStore {
  /**
   * Write jobs with their tickets and numbers. One transaction for all. Sending the same ids again is safe: what was
   * written answers "existing".
   */
  enqueue(requests: readonly EnqueueRequest[], terms?: EnqueueTerms): Promise<readonly EnqueueResult[]>;
  get(ids: readonly JobId[]): Promise<readonly (Job | null)[]>;
  /** For each id whether its job has ended; cheap enough to ask for thousands after every commit. */
  ended(ids: readonly JobId[]): Promise<readonly boolean[]>;
  findByNumber(org: string, scope: string, number: number): Promise<Job | null>;
  /** Newest first. */
  list(filter: JobFilter, page: { readonly limit: number; readonly cursor: string | null }): Promise<JobPage>;
  counts(filter: JobFilter): Promise<JobCounts>;
  /** Attempts before the present one, oldest first. */
  attempts(id: JobId): Promise<readonly AttemptRecord[]>;
  cancel(requests: readonly CancelRequest[]): Promise<readonly CancelResult[]>;
  /** Lines with a sequence above `after`, in order. */
  logs(id: JobId, page: { readonly after: number; readonly limit: number }): Promise<readonly LogLine[]>;
  explain(id: JobId): Promise<JobSituation | null>;
  /** The same store inside the caller's own transaction, which alone commits or rolls back. */
  within(tx: unknown): TransactionStore;
}

/** Facts from which `explain` makes its sentences. */
export interface JobSituation {
  readonly job: Job;
  readonly isQueuePaused: boolean;
  /** Tickets in front of it in its lane; counted up to 10,000. `null` unless queued. */
  readonly aheadCount: number | null;
  /** When the running or last attempt started; `null` when it waits, or never ran. */
  readonly attemptStartedAt: Date | null;
  /** When its lease runs out, and since when whoever holds it by hand is warned; `null` unless it runs. */
  readonly leaseUntil: Date | null;
  readonly warnedAt: Date | null;
  readonly workers: readonly Pick<WorkerInfo, "queues" | "labels" | "concurrency" | "running">[];
}

/** Writes inside a transaction of the caller. Values come at once where `isSynchronous`, else as promises. */
export interface TransactionStore extends NumberWrites {
  enqueue(requests: readonly EnqueueRequest[], terms?: EnqueueTerms): MaybePromise<readonly EnqueueResult[]>;
  report(reports: readonly Report[]): MaybePromise<readonly ("kept" | "lost")[]>;
  settle(settlements: readonly Settlement[]): MaybePromise<readonly SettleStatus[]>;
}

export type MaybePromise<T> = T | Promise<T>;

// ─── Leases ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ClaimRequest {
  readonly org: string;
  /** Id of a registered worker, or of a person (`HAND`), who needs no registration. */
  readonly worker: string;
  readonly queues: QueueChoice;
  readonly labels: ReadonlySet<string>;
  /** At most so many. */
  readonly max: number;
  /** No more than so many run under the worker, however it asks; while all do, a claim answers none, at once. */
  readonly slots?: number;
  readonly leaseMs: number;
}
export type JobClaimRequest = Omit<ClaimRequest, "queues" | "max" | "slots">;

/** A job together with the right to run it, and what its queue says where job and definition say nothing. */
export interface Claim {
  readonly lease: Lease;
  readonly job: Job;
  readonly queue: Pick<QueueSettings, "backoff" | "timeoutMs">;
}

/** "locked": another call has the ticket for itself right now, so the lease is neither prolonged nor lost. */
export type HeartbeatStatus = "held" | "lost" | "cancel" | "locked";
/** "cancelled": a cancel had been accepted before, and the job has ended so. */
export type SettleStatus = "settled" | "lost" | "cancelled";

/** What a handler said while it ran. */
export interface Report extends LeaseRef {
  readonly progress: JobProgress | null;
  readonly lines: readonly { readonly stream: LogStream; readonly text: string }[];
}

export interface WorkerRegistration extends Pick<
  WorkerInfo,
  "id" | "name" | "host" | "pid" | "queues" | "labels" | "concurrency"
> {
  readonly org: string;
  /** Jobs that it holds beyond those that run. @default 0 */
  readonly prefetch?: number;
  /** Not heard of for so long, it counts as gone, in milliseconds. */
  readonly leaseMs: number;
}

export interface LeaseStore {
  /**
   * Add the worker, or bring it up to date. From then on, while this process lives but its event loop is blocked, a
   * store that is shared keeps the worker's leases; heartbeats do the rest.
   * "taken": a worker of another organisation has this id, and nothing was changed.
   */
  registerWorker(worker: WorkerRegistration): Promise<"registered" | "taken">;
  /** Forget the worker and hand back all it held. Answers how many jobs that were. */
  removeWorker(id: string): Promise<number>;
  workers(org: string): Promise<readonly WorkerInfo[]>;

  /**
   * Move up to `max` tickets from `ready` to `running`, each with a new, higher token.
   * Lost race: a ticket another claim took is simply not in the answer.
   * @param wait put off an answer of none until this store commits tickets for it, or the signal fires. Tickets that
   *   others bring are waited for only where `isWaitForAll`; elsewhere `onChange` tells of them.
   */
  claim(request: ClaimRequest, wait?: AbortSignal): Promise<readonly Claim[]>;
  /** Likewise of one job. `null`: it does not wait, its queue is paused, or it asks for other labels. */
  claimJob(request: JobClaimRequest, job: JobId): Promise<Claim | null>;

  /** Prolong leases of one worker, and say that it is alive. "lost": the token is no longer current. */
  heartbeat(worker: string, leases: readonly LeaseRef[], leaseMs: number): Promise<readonly HeartbeatStatus[]>;

  /** Leases of this worker whose jobs are to be cancelled. Cheap enough to ask at every change. */
  cancelRequests(worker: string): Promise<readonly (LeaseRef & { readonly reason: string | null })[]>;

  /** Keep progress and log lines. "lost": the token is no longer current, and nothing was kept for that report. */
  report(reports: readonly Report[]): Promise<readonly ("kept" | "lost")[]>;

  /**
   * End attempts: move each ticket from `running` to where its settlement says.
   * Atomic: one transaction for the batch; each settlement is guarded on its own, by job and token.
   * Lost race: "lost" means the token is no longer current, and nothing changed for that job.
   * After `store_unavailable` the batch may or may not be written. Sending it again is safe: what was written
   * answers "settled" a second time.
   */
  settle(settlements: readonly Settlement[]): Promise<readonly SettleStatus[]>;
}

// ─── Upkeep, safe to run in every process at once ───────────────────────────────────────────────────────────────────

export interface UpkeepResult {
  /** Tickets moved, or jobs deleted. */
  readonly count: number;
  /** Milliseconds until there will be something to do again, if that is known; 0 or less means at once. */
  readonly nextInMs: number | null;
}

export interface UpkeepStore {
  /** Move due tickets from `scheduled` to `ready`, at most `limit`. */
  promote(limit: number): Promise<UpkeepResult>;
  /**
   * Take back tickets whose lease has run out, and end cancelled jobs whose grace is over, at most `limit`. The expiry
   * is asked again in the statement that moves the ticket. Who holds a job by hand is warned first, and has as long again.
   */
  rescue(limit: number): Promise<UpkeepResult>;
  /** Delete finished jobs past their retention, and what nothing refers to any more, at most `limit` jobs. */
  prune(limit: number): Promise<UpkeepResult>;
  /** Enqueue what due schedules ask for, each due time exactly once over all processes. */
  fireSchedules(fire: (schedule: StoredSchedule) => ScheduleFiring): Promise<UpkeepResult>;
  /** Check what must hold for the data, in slices, each on one state of it. Reads only. Ends at its limit, and a slice. */
  audit(options?: AuditOptions): Promise<AuditReport>;
  /** What the store notices about its own health, for `doctor`. */
  diagnose(): Promise<readonly Diagnosis[]>;
}

// ─── Queues, schedules, numbers ─────────────────────────────────────────────────────────────────────────────────────

export interface StoredSchedule extends Schedule {
  readonly org: string;
  /** What is enqueued at each due time, without an id. */
  readonly request: Omit<EnqueueRequest, "id">;
}

export interface ScheduleFiring {
  readonly request: EnqueueRequest;
  readonly nextAt: Date | null;
}

export interface QueueStore {
  /** Create the queue if it is new; set what is given, leave the rest. */
  configureQueue(
    org: string,
    name: string,
    change: { readonly isPaused?: boolean; readonly settings?: QueueOverrides },
  ): Promise<Queue>;
  queues(org: string): Promise<readonly Queue[]>;

  putSchedule(schedule: Omit<StoredSchedule, "lastAt">): Promise<void>;
  /** False when there was none. */
  removeSchedule(org: string, name: string): Promise<boolean>;
  schedules(org: string): Promise<readonly Schedule[]>;
}

// ─── Changes ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a commit may have brought: tickets to claim, tickets with a due time, cancel requests, or just events. */
export type Change = "ready" | "scheduled" | "cancel" | "events";

export interface ChangeStore {
  /**
   * Call `listener` after commits, of this process at once, of others within 20 ms. A wake-up may come for nothing
   * and several may arrive as one; what matters is read again. Answers a function that ends it.
   * @param listener is told with `isServed` that the store itself serves the claims which wait in it
   */
  onChange(listener: (changes: ReadonlySet<Change>, isServed: boolean) => void): () => void;
  /** Events after the cursor, oldest first; `null` starts at the present and answers only the cursor. */
  events(
    org: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly events: readonly JobEvent[]; readonly cursor: string }>;
}
