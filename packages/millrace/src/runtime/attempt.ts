import type { CancelledError } from "../core/errors.ts";
import { LeaseLostError, type AttemptTimeoutError, type ShutdownError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { Lease } from "../core/lease.ts";
import type { Redactor } from "../core/redactor.ts";
import type { Claim } from "../core/store.ts";

/** Why an attempt should stop. */
export type AbortReason = LeaseLostError | AttemptTimeoutError | CancelledError | ShutdownError;

/**
 * One attempt in this process, from claim to settlement.
 *
 *   trusted ── lease lost, or nobody could say for leaseMs ──► gone: what it reports is dropped
 *      │
 *      └── time limit · cancel · shutdown ──► aborted: may still say how it ended
 */
export class Attempt {
  readonly lease: Lease;
  readonly job: Job;
  readonly queue: Claim["queue"];
  /** Until when the lease can be believed, on this process's monotonic clock; it can only make us stop early. */
  trustedUntil: number;
  /** What the handler said with `ctx.complete()`. */
  completion: "none" | "settled" | "in_transaction" = "none";
  /** Set once the handler knows secrets: what it says from then on goes through it. */
  redactor: Redactor | undefined;
  /** Nothing that its handler still says is kept. */
  isOver = false;
  #abortReason: AbortReason | undefined;
  #controller: AbortController | undefined;
  #onAbort: ((reason: AbortReason) => void) | undefined;

  constructor(claim: Claim, trustedUntil: number) {
    this.lease = claim.lease;
    this.job = claim.job;
    this.queue = claim.queue;
    this.trustedUntil = trustedUntil;
  }

  /** Made when first asked for: most handlers never do, and a controller is dear. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get abortReason(): AbortReason | undefined {
    return this.#abortReason;
  }

  /** The lease is not ours any more. */
  get isGone(): boolean {
    return this.#abortReason instanceof LeaseLostError;
  }

  /** The first reason stands, but for a lost lease, which ends everything. */
  abort(reason: AbortReason): void {
    if (this.#abortReason !== undefined && !(reason instanceof LeaseLostError && !this.isGone)) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.#onAbort?.(reason);
  }

  onAbort(listener: (reason: AbortReason) => void): void {
    this.#onAbort = listener;
    if (this.#abortReason !== undefined) listener(this.#abortReason);
  }
}
