import { isUnheard, type Call } from "../history/calls.ts";
import { claimedUnheard, gaveBackUnheard, lostUnheard } from "./job-machine.ts";
import { timely, type JobStep } from "./job-step.ts";
import type { Leases } from "./leases.ts";

interface UnheardClaim {
  readonly worker: string;
  readonly began: number;
  readonly leaseMs: number;
}

/** One job meets few of them, and each makes the search longer. */
const MOST_MET = 6;

/** And it meets no more than these once nobody else is heard about it any more. */
const MET_AFTERWARDS = 2;

/** Claims whose answers nobody heard. Any of them may have held a job until its lease was over. */
export class UnheardClaims {
  readonly #claims: readonly UnheardClaim[];
  readonly #shortestMs: number;
  readonly #leases: Leases;

  constructor(calls: readonly Call[], leases: Leases) {
    this.#claims = calls.flatMap(({ operation, answer, from }) =>
      operation.name === "claim" && isUnheard({ answer })
        ? [{ worker: operation.worker, began: from, leaseMs: operation.leaseMs }]
        : [],
    );
    this.#shortestMs = this.#claims.reduce((least, { leaseMs }) => Math.min(least, leaseMs), Infinity);
    this.#leases = leases;
  }

  /**
   * What they may have done to a job: as many of them as can have held it one after the other.
   * @param from when the job was enqueued
   * @param until when it was last heard of
   */
  stepsFor(from: number, until: number): { readonly steps: readonly JobStep[]; readonly isAll: boolean } {
    // One that waited may have begun before there was a job.
    const met = this.#claims;
    const possible = Math.min(met.length, MET_AFTERWARDS + Math.ceil((until - from) / (this.#shortestMs * 1_000)));
    if (possible <= 0) return { steps: [], isAll: true };
    const first = Math.max(
      from,
      met.reduce((least, { began }) => Math.min(least, began), Infinity),
    );
    const overFrom = this.#leases.overFrom(first, first, this.#shortestMs);
    const leaves = met.flatMap(({ worker, began }) =>
      this.#leases.leavesOf(worker).flatMap((leave) => (leave.until < began ? [] : [leave.from])),
    );
    const kinds: readonly (() => JobStep)[] = [
      () => timely("claim", first, claimedUnheard, "somebody claimed it, and heard no answer"),
      () => timely("lease over", overFrom, lostUnheard(false), "the lease of that claim was over"),
      () => timely("lease over", overFrom, lostUnheard(true), "the lease of that claim, the last one, was over"),
      ...(leaves.length === 0
        ? []
        : [() => timely("leave", Math.min(...leaves), gaveBackUnheard, "whoever had claimed it left")]),
    ];
    const steps: JobStep[] = [];
    for (const make of kinds) {
      let twinOf: JobStep | undefined;
      for (let i = 0; i < Math.min(possible, MOST_MET); i++) {
        const step: JobStep = { ...make(), ...(twinOf === undefined ? {} : { twinOf }) };
        steps.push((twinOf = step));
      }
    }
    return { steps, isAll: possible <= MOST_MET };
  }
}
