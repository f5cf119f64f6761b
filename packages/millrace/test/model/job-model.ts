import type { JobId } from "../../src/core/job.ts";
import { countsAttempt, type Move } from "../../src/core/settlement.ts";
import type { JobState } from "../../src/core/states.ts";
import type { EnqueueRequest, SettleStatus } from "../../src/core/store.ts";

/** How long a running job may go on after its cancel, in the queue of the model. */
export const GRACE_MS = 2_000;

/** A job as the design describes it: plain values, one object, no tables. */
export interface ModelJob {
  readonly request: EnqueueRequest;
  readonly number: number | null;
  /** Place in the order in which jobs were enqueued. */
  readonly order: number;
  readonly createdAt: number;
  readonly maxAttempts: number;
  runAt: number;
  state: JobState;
  attempt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** The highest token that was seen on it. */
  token: number;
  worker: string | null;
  leaseUntil: number;
  cancelUntil: number | null;
  /** What was answered to the settle of each token, and for which move: it is answered again. */
  readonly settled: Map<number, { readonly says: string; readonly status: SettleStatus }>;
}

/** A lease that was handed out at some time, good or not. */
export interface ModelLease {
  readonly job: ModelJob;
  readonly token: number;
  readonly worker: string;
}

/**
 * The specification, executed: what a store must answer and where each job must be afterwards. Knows one queue of one
 * organisation, and no way to do two things at once.
 */
export class JobModel {
  readonly jobs: ModelJob[] = [];
  readonly leases: ModelLease[] = [];
  readonly #lastNumber = new Map<string, number>();
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  enqueue(request: EnqueueRequest): { readonly status: "created" | "existing" | "duplicate"; readonly job: ModelJob } {
    const same = this.jobs.find((job) => job.request.id === request.id);
    if (same !== undefined) return { status: "existing", job: same };
    const live = this.jobs.find((job) => request.key !== null && job.request.key === request.key && !isFinal(job));
    if (live !== undefined) {
      return { status: live.request.payload === request.payload ? "existing" : "duplicate", job: live };
    }
    const runAt = this.now + (request.delayMs ?? 0);
    const job: ModelJob = {
      request,
      number: request.numbered === false ? null : this.#nextNumber(request.scope ?? request.queue),
      order: this.jobs.length,
      createdAt: this.now,
      maxAttempts: request.maxAttempts ?? 3,
      runAt,
      state: runAt > this.now ? "scheduled" : "queued",
      attempt: 0,
      startedAt: null,
      finishedAt: null,
      token: 0,
      worker: null,
      leaseUntil: 0,
      cancelUntil: null,
      settled: new Map(),
    };
    this.jobs.push(job);
    return { status: "created", job };
  }

  /** Jobs that a claim must answer, in order. */
  nextInLine(max: number): readonly ModelJob[] {
    const queued = this.jobs.filter(({ state }) => state === "queued");
    const inOrder = queued.toSorted(
      (a, b) => b.request.priority - a.request.priority || a.runAt - b.runAt || a.order - b.order,
    );
    return inOrder.slice(0, max);
  }

  start(job: ModelJob, token: number, worker: string, leaseMs: number): void {
    job.state = "running";
    job.attempt += 1;
    job.token = token;
    job.worker = worker;
    job.leaseUntil = this.now + leaseMs;
    job.startedAt ??= this.now;
    this.leases.push({ job, token, worker });
  }

  holds({ job, token }: ModelLease): boolean {
    return job.state === "running" && job.token === token;
  }

  settle(lease: ModelLease, move: Move): SettleStatus {
    const { job, token } = lease;
    if (!this.holds(lease)) {
      const before = job.settled.get(token);
      return before?.status === "cancelled" || before?.says === saying(move) ? before.status : "lost";
    }
    const status = job.cancelUntil === null ? "settled" : "cancelled";
    job.settled.set(token, { says: saying(move), status });
    if (status === "cancelled") this.#end(job, "cancelled");
    else this.#move(job, move);
    return status;
  }

  heartbeat(lease: ModelLease, leaseMs: number): "held" | "lost" | "cancel" {
    if (!this.holds(lease)) return "lost";
    lease.job.leaseUntil = Math.max(lease.job.leaseUntil, this.now + leaseMs);
    return lease.job.cancelUntil === null ? "held" : "cancel";
  }

  cancel(job: ModelJob): "cancelled" | "requested" | "finished" {
    if (job.state === "cancelled") return "cancelled";
    if (isFinal(job)) return "finished";
    if (job.state === "running") {
      job.cancelUntil ??= this.now + GRACE_MS;
      return "requested";
    }
    this.#end(job, "cancelled");
    return "cancelled";
  }

  promote(): number {
    const due = this.jobs.filter(({ state, runAt }) => state === "scheduled" && runAt <= this.now);
    for (const job of due) job.state = "queued";
    return due.length;
  }

  rescue(): number {
    const overdue = this.jobs.filter((job) => job.state === "running" && this.#isOverdue(job));
    for (const job of overdue) {
      if (job.cancelUntil !== null) {
        job.settled.set(job.token, { says: "", status: "cancelled" });
        this.#end(job, "cancelled");
      } else if (job.attempt >= job.maxAttempts) this.#end(job, "failed");
      else job.state = "queued";
    }
    return overdue.length;
  }

  removeWorker(worker: string): number {
    const held = this.jobs.filter((job) => job.state === "running" && job.worker === worker);
    for (const job of held) {
      const isCancelled = job.cancelUntil !== null;
      // What is handed back for a worker is on record as if the worker had released it.
      job.settled.set(job.token, { says: "attempt released", status: isCancelled ? "cancelled" : "settled" });
      if (isCancelled) this.#end(job, "cancelled");
      else this.#move(job, { to: "ready", ending: "released", error: null });
    }
    return held.length;
  }

  #isOverdue({ leaseUntil, cancelUntil }: ModelJob): boolean {
    return leaseUntil <= this.now || (cancelUntil !== null && cancelUntil <= this.now);
  }

  #move(job: ModelJob, move: Move): void {
    if (move.to === "done") {
      this.#end(job, move.state);
      return;
    }
    if (!countsAttempt(move)) job.attempt -= 1;
    if (move.to === "ready") job.state = "queued";
    else {
      job.state = "scheduled";
      job.runAt = this.now + move.delayMs;
    }
  }

  #end(job: ModelJob, state: "completed" | "failed" | "cancelled"): void {
    job.state = state;
    job.finishedAt = this.now;
  }

  #nextNumber(scope: string): number {
    const number = (this.#lastNumber.get(scope) ?? 0) + 1;
    this.#lastNumber.set(scope, number);
    return number;
  }
}

export function isFinal({ state }: ModelJob): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

/** What a settle says, in the words by which a repetition is recognised. */
function saying(move: Move): string {
  return move.to === "done" ? `job ${move.state}` : `attempt ${move.ending}`;
}

export function idsOf(jobs: readonly ModelJob[]): readonly JobId[] {
  return jobs.map(({ request }) => request.id);
}
