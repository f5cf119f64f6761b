import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { Operation } from "../history/entry.ts";
import { gaveBack, lost } from "./job-machine.ts";
import { CLOCKS_DIFFER_US, timely, type JobStep } from "./job-step.ts";
import type { Span } from "./times.ts";

type Asked<Name extends Operation["name"]> = Operation & { readonly name: Name };

interface KnownLease extends LeaseRef {
  readonly worker: string;
  leaseMs: number;
  readonly claimedFrom: number;
  /** It was certainly good for so long from then on. */
  renewedFrom: number;
}

/** Until when leases were certainly good. */
export class Leases {
  readonly #byJob = new Map<JobId, KnownLease[]>();
  readonly #leaves = new Map<string, Span[]>();
  readonly #clockSteps: readonly Span[];

  /** @param clockSteps when the clock of the host was set, by which leases of a store without its own may end */
  constructor(clockSteps: readonly Span[]) {
    this.#clockSteps = clockSteps;
  }

  claimed({ job, token }: LeaseRef, { worker, leaseMs }: Asked<"claim">, from: number): void {
    const lease = { job, token, worker, leaseMs, claimedFrom: from, renewedFrom: from };
    const leases = this.#byJob.get(job);
    if (leases === undefined) this.#byJob.set(job, [lease]);
    else leases.push(lease);
  }

  prolonged({ job, token }: LeaseRef, { leaseMs }: Asked<"heartbeat">, from: number): void {
    for (const lease of this.#byJob.get(job) ?? []) {
      if (lease.token !== token) continue;
      // A later heartbeat for a shorter time does not take back what an earlier one gave.
      if (from + leaseMs * 1_000 <= lease.renewedFrom + lease.leaseMs * 1_000) continue;
      lease.leaseMs = leaseMs;
      lease.renewedFrom = from;
    }
  }

  left(worker: string, span: Span): void {
    const leaves = this.#leaves.get(worker) ?? [];
    leaves.push(span);
    this.#leaves.set(worker, leaves);
  }

  /** When a worker said that it leaves. */
  leavesOf(worker: string): readonly Span[] {
    return this.#leaves.get(worker) ?? [];
  }

  /** When a lease of so long may have been over, at the earliest. */
  overFrom(claimedFrom: number, renewedFrom: number, leaseMs: number): number {
    const overFrom = renewedFrom + leaseMs * 1_000 - CLOCKS_DIFFER_US;
    const step = this.#clockSteps.find(({ until }) => until >= claimedFrom);
    return step === undefined ? overFrom : Math.min(overFrom, Math.max(step.from, claimedFrom));
  }

  /**
   * The ends that the leases of a job may have come to by themselves.
   * @param enqueuedFrom a claim may have waited for a long time; it was not given before there was a job
   */
  *endsOf(job: JobId, enqueuedFrom: number): Iterable<JobStep> {
    for (const { token, worker, leaseMs, claimedFrom, renewedFrom } of this.#byJob.get(job) ?? []) {
      const from = this.overFrom(claimedFrom, Math.max(renewedFrom, enqueuedFrom), leaseMs);
      yield timely("lease over", from, lost(token, false), `the lease under token ${token} was over`);
      yield timely("lease over", from, lost(token, true), `the lease of the last attempt, token ${token}, was over`);
      for (const leave of this.leavesOf(worker)) {
        if (leave.until < claimedFrom) continue;
        const said = `its worker left, with token ${token}`;
        yield { ...timely("leave", leave.from, gaveBack(token), said), ...leave };
      }
    }
  }
}
