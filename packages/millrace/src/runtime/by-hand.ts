import { InputError, LeaseLostError } from "../core/errors.ts";
import { isJobId, type Job } from "../core/job.ts";
import { toJson, type JsonValue } from "../core/json.ts";
import type { LateReport } from "../core/late-report.ts";
import type { LeaseRef } from "../core/lease.ts";
import { DEFAULT_MANUAL_TIMEOUT_MS, HAND, isManual, MANUAL } from "../core/manual.ts";
import { durationProblem, nameProblem, refuseRequest, show, unknownKeys } from "../core/options.ts";
import { complete } from "../core/outcome.ts";
import type { Move } from "../core/settlement.ts";
import type { Claim } from "../core/store.ts";
import { afterFailure, afterOutcome, afterRelease } from "../core/transition.ts";
import { adoptLateReport } from "./adopt-late-report.ts";
import { jobNotFound, stateConflict } from "./job-refusals.ts";
import type { Kernel } from "./kernel.ts";
import { keepLate, tooLate } from "./late-report.ts";

/** Until the time limit of a job that was claimed is known. Shorter limits than this make no sense for people. */
const FIRST_LEASE_MS = 1_000;
/** So many rescues in a row leave nothing overdue, unless others keep falling due. */
const MOST_RESCUES = 10;
const RESCUE_LIMIT = 500;

/** A job that somebody holds. With `job` and `token` it is reported, from this process or from another. */
export interface HeldJob {
  readonly job: Job;
  readonly token: number;
  /** When its time limit is over: once, the event `warned`. */
  readonly warnAt: Date;
  /** When it fails unless it was reported or extended: at twice its limit. */
  readonly failAt: Date;
}

/** What whoever did the work says of it; kept as the job's result. */
export interface HandReport {
  /** What was done, in a few words; not blank. */
  readonly summary: string;
  readonly [name: string]: JsonValue | undefined;
}

/**
 * Jobs that require the label `manual`, done by a person: claimed, and reported whenever the work is done. There are no
 * heartbeats. At the time limit (the job's, the queue's, five minutes) there is a warning, at twice the limit the job
 * fails. What is reported later changes nothing any more, but is kept, and can be adopted. Works on the store itself.
 */
export class ByHand {
  /** Who claims, as it is kept with the job. */
  readonly worker: string;
  readonly #kernel: Kernel;

  /** Use `mill.byHand()`. */
  constructor(kernel: Kernel, options: { readonly name?: string } = {}) {
    const { name = "somebody" } = options;
    refuseRequest([...unknownKeys(options, ["name"], "byHand()"), nameProblem(name, "byHand(): name")]);
    this.#kernel = kernel;
    this.worker = `${HAND}${name}_${kernel.newId().slice(-8)}`;
  }

  /** Claim the next job of the queue; `null` when none waits for a person. */
  async claim(queue: string): Promise<HeldJob | null> {
    refuseRequest([nameProblem(queue, "claim(): the queue")]);
    await this.#takeBackOverdue();
    const { store, org } = this.#kernel;
    const queues = { order: "strict", names: [queue] } as const;
    const request = { org, worker: this.worker, labels: new Set([MANUAL]), leaseMs: FIRST_LEASE_MS };
    const [claim] = await store.claim({ ...request, queues, max: 1 });
    return claim === undefined ? null : this.#hold(claim, FIRST_LEASE_MS);
  }

  /** Claim this job. @throws NotFoundError; ConflictError when it does not wait, or is not done by hand */
  async claimJob(id: string): Promise<HeldJob> {
    await this.#takeBackOverdue();
    const job = await this.#mustGet(id);
    if (!isManual(job)) throw stateConflict(job, `it is run by a worker; done by hand is what requires "${MANUAL}"`);
    const { store, org } = this.#kernel;
    const leaseMs = job.timeoutMs ?? FIRST_LEASE_MS;
    const claim = await store.claimJob({ org, worker: this.worker, labels: new Set(job.requires), leaseMs }, job.id);
    if (claim === null) throw notToBeClaimed(await this.#mustGet(id));
    return this.#hold(claim, leaseMs);
  }

  /** Give it its time limit again, or so many milliseconds from now. @throws LeaseLostError; ConflictError */
  async extend({ job: id, token }: LeaseRef, ms?: number): Promise<void> {
    refuseRequest([durationProblem(ms, "extend(): the time")]);
    await this.#takeBackOverdue();
    const job = await this.#mustGet(id);
    const limitMs = ms ?? job.timeoutMs ?? DEFAULT_MANUAL_TIMEOUT_MS;
    const [status] = await this.#kernel.store.heartbeat(this.worker, [{ job: job.id, token }], limitMs);
    if (status === "cancel") throw stateConflict(job, "its cancel was accepted; there is nothing left to do");
    if (status !== "held") throw tooLate(await this.#mustGet(id), false);
  }

  /**
   * It is done.
   * @throws InputError without a summary; LeaseLostError when it came too late, and then the report is kept
   */
  async complete({ job: id, token }: LeaseRef, report: HandReport): Promise<Job> {
    const text = checkReport(report);
    const job = await this.#mustGet(id);
    const status = await this.#settle({ job: job.id, token }, afterOutcome(job, complete(report)));
    if (status === "settled") return this.#mustGet(id);
    const isKept = await keepLate(this.#kernel.store, { job: job.id, token, by: this.worker, report: text });
    throw tooLate(await this.#mustGet(id), isKept);
  }

  /** It cannot be done, for good. @param type a word for what sort of failure it is @throws LeaseLostError */
  async fail({ job: id, token }: LeaseRef, reason: string, type = "Failed"): Promise<Job> {
    if (isBlank(reason)) throw new InputError("request_invalid", "fail(): say why in a few words; the reason is blank");
    const job = await this.#mustGet(id);
    const error = { name: type.slice(0, 200), message: reason.slice(0, 4_096), permanent: true, attempt: job.attempt };
    return this.#end(
      { job: job.id, token },
      afterFailure(job, error, () => 0),
    );
  }

  /** Give it back undone, to its old place. @throws LeaseLostError */
  async release({ job: id, token }: LeaseRef): Promise<Job> {
    return this.#end({ job: (await this.#mustGet(id)).id, token }, afterRelease());
  }

  /** What was reported too late, in the order of the claims. */
  async lateReports(id: string): Promise<readonly LateReport[]> {
    return this.#kernel.store.lateReports((await this.#mustGet(id)).id);
  }

  /**
   * A new job like one that has ended, completed with the latest report that came too late. Asking twice makes one.
   * @throws ConflictError when there is no such report, or somebody else has claimed the new job meanwhile
   */
  async adopt(id: string, options: { readonly by?: string } = {}): Promise<Job> {
    refuseRequest(unknownKeys(options, ["by"], "adopt()"));
    return adoptLateReport(this.#kernel, await this.#mustGet(id), this.worker, options.by);
  }

  async #end(lease: LeaseRef, move: Move): Promise<Job> {
    const status = await this.#settle(lease, move);
    const job = await this.#mustGet(lease.job);
    if (status !== "settled") throw tooLate(job, false);
    return job;
  }

  async #settle(lease: LeaseRef, move: Move): Promise<string | undefined> {
    await this.#takeBackOverdue();
    const [status] = await this.#kernel.store.settle([{ ...lease, move }]);
    return status;
  }

  async #hold({ job, lease, queue }: Claim, leaseMs: number): Promise<HeldJob> {
    const { store } = this.#kernel;
    const limitMs = job.timeoutMs ?? queue.timeoutMs ?? DEFAULT_MANUAL_TIMEOUT_MS;
    const { token, expiresAt } = lease;
    if (limitMs > leaseMs) {
      const [status] = await store.heartbeat(this.worker, [{ job: job.id, token }], limitMs);
      if (status === "lost") throw new LeaseLostError(`${job.id} was taken back before its time limit was set`);
    }
    const warnAt = expiresAt.getTime() - leaseMs + Math.max(limitMs, leaseMs);
    return { job, token, warnAt: new Date(warnAt), failAt: new Date(warnAt + Math.max(limitMs, leaseMs)) };
  }

  /** Nobody else may be there to do it, and what is over must be over for whoever reports. */
  async #takeBackOverdue(): Promise<void> {
    for (let n = 0; n < MOST_RESCUES; n++) {
      const { nextInMs } = await this.#kernel.store.rescue(RESCUE_LIMIT);
      if (nextInMs === null || nextInMs > 0) return;
    }
  }

  async #mustGet(id: string): Promise<Job> {
    const [job] = isJobId(id) ? await this.#kernel.store.get([id]) : [];
    if (job === undefined || job === null || job.org !== this.#kernel.org) throw jobNotFound(id);
    return job;
  }
}

function notToBeClaimed(job: Job): Error {
  if (job.state === "queued") return stateConflict(job, `it cannot be claimed: the queue "${job.queue}" is paused`);
  const by = job.state === "running" && job.worker !== null ? `; ${job.worker} holds it` : "";
  return stateConflict(job, `it cannot be claimed: it is ${job.state}${by}`);
}

/** @returns its JSON text @throws InputError */
function checkReport(report: HandReport): string {
  const summary: unknown = report?.summary;
  if (typeof summary !== "string" || isBlank(summary)) {
    const given = summary === undefined ? "nothing" : show(summary);
    throw new InputError("request_invalid", `complete(): the summary must say what was done; got ${given}`);
  }
  return toJson(report, "the report");
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
