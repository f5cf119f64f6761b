import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { Answer, Operation } from "../history/entry.ts";
import type { Call } from "../history/calls.ts";
import {
  cancelled,
  claimed,
  claimedUnheard,
  enqueued,
  found,
  gaveBack,
  graceOver,
  heartbeat,
  lost,
  lostUnheard,
  perhapsCancelled,
  perhapsSettled,
  reported,
  settled,
  type JobState,
} from "./job-machine.ts";
import type { Step } from "./linearize.ts";

/** What somebody asked about one job, or what time did to it. */
export interface JobStep extends Step<JobState> {
  readonly kind: Operation["name"] | "lease over" | "grace over" | "in the end";
  /** Who asked. */
  readonly process: string | null;
  /** What was asked and answered, for people. */
  readonly said: string;
  /** It is about a cancel, or heard of one. */
  readonly tellsOfCancel?: boolean;
}

/** Clocks are read in whole milliseconds, and those of two processes are not quite one. */
const CLOCKS_DIFFER_US = 5_000;

/** The steps of every job that the calls are about. */
export function jobSteps(calls: readonly Call[]): ReadonlyMap<JobId, readonly JobStep[]> {
  const steps = new Map<JobId, JobStep[]>();
  const leases = new Leases();
  const add = (job: JobId, step: JobStep): void => {
    const all = steps.get(job);
    if (all === undefined) steps.set(job, [step]);
    else all.push(step);
  };
  for (const call of calls) for (const [job, step] of stepsOf(call, leases)) add(job, step);
  for (const [job, step] of leases.ends(steps)) add(job, step);
  return steps;
}

/**
 * What claims may have done to a job whose answers nobody heard: held it until their leases were over. More than one of
 * them may have met it.
 * @param from when the job was enqueued
 */
export function unheardSteps(calls: readonly Call[], from: number): readonly JobStep[] {
  const unheard = calls.flatMap(({ operation, answer, from: began }) =>
    operation.name === "claim" && isUnheard(answer) && began >= from ? [{ began, leaseMs: operation.leaseMs }] : [],
  );
  if (unheard.length === 0) return [];
  const first = Math.min(...unheard.map(({ began }) => began));
  const firstOver = Math.min(...unheard.map(({ began, leaseMs }) => began + leaseMs * 1_000)) - CLOCKS_DIFFER_US;
  return unheard
    .slice(0, MOST_UNHEARD)
    .flatMap(() => [
      timely("claim", first, claimedUnheard, "somebody claimed it, and heard no answer"),
      timely("lease over", firstOver, lostUnheard(false), "the lease of that claim was over"),
      timely("lease over", firstOver, lostUnheard(true), "the lease of that claim, the last one, was over"),
    ]);
}

/** One job meets few of them, and each makes the search longer. */
const MOST_UNHEARD = 2;

function isUnheard(answer: Answer | null): boolean {
  return answer === null || (answer.name === "error" && answer.isOutage);
}

type JobStepOf = readonly [job: JobId, step: JobStep];
type MakeStep = (apply: JobStep["apply"], said: string, tellsOfCancel?: boolean) => JobStep;

function stepsOf(call: Call, leases: Leases): readonly JobStepOf[] {
  const { operation, answer, process, from } = call;
  const isKnown = answer !== null && answer.name !== "error";
  // Nothing was done, and it is known.
  if (answer !== null && answer.name === "error" && !answer.isOutage) return [];
  const until = isKnown ? call.until : Infinity;
  const make: MakeStep = (apply, said, tellsOfCancel = false) => ({
    kind: operation.name,
    process,
    from,
    until,
    isOptional: !isKnown,
    apply,
    said: isKnown ? said : `${said}, and heard no answer`,
    tellsOfCancel,
  });
  switch (operation.name) {
    case "enqueue":
      return enqueueSteps(operation, answer, make);
    case "claim":
      return claimSteps(answer, make, (lease) => leases.claimed(lease, operation, from));
    case "heartbeat":
      return heartbeatSteps(operation, answer, make, (lease) => leases.prolonged(lease, operation, from));
    case "report":
      return reportSteps(operation, answer, make);
    case "settle":
      return settleSteps(operation, answer, make);
    case "cancel":
      return cancelSteps(operation, answer, make, from);
    case "leave":
      leases.left(operation.worker, { from, until });
      return [];
  }
}

type Asked<Name extends Operation["name"]> = Operation & { readonly name: Name };
type Answered<Name extends Answer["name"]> = Answer & { readonly name: Name };

function enqueueSteps({ jobs }: Asked<"enqueue">, answer: Answer | null, make: MakeStep): readonly JobStepOf[] {
  const results = answerTo("enqueue", answer)?.results;
  return jobs.flatMap(({ id }, i): readonly JobStepOf[] => {
    if (results === undefined) return [[id, make(enqueued, "enqueued it")]];
    const result = results[i];
    if (result === null || result === undefined) return [];
    const isOwn = result.job === id;
    return [[result.job, make(isOwn ? enqueued : found, isOwn ? "enqueued it" : "found it by its key")]];
  });
}

function claimSteps(answer: Answer | null, make: MakeStep, keep: (lease: LeaseRef) => void): readonly JobStepOf[] {
  const leases = answerTo("claim", answer)?.leases ?? [];
  leases.forEach(keep);
  return leases.map(({ job, token }) => [job, make(claimed(token), `claimed it under token ${token}`)]);
}

function heartbeatSteps(
  { leases }: Asked<"heartbeat">,
  answer: Answer | null,
  make: MakeStep,
  prolong: (lease: LeaseRef) => void,
): readonly JobStepOf[] {
  const statuses = answerTo("heartbeat", answer)?.statuses ?? [];
  return leases.flatMap((lease, i): readonly JobStepOf[] => {
    const status = statuses[i];
    // Without an answer it may have prolonged the lease, which then only lasts longer than is certain.
    if (status === undefined) return [];
    if (status !== "lost") prolong(lease);
    const said = `sent a heartbeat under token ${lease.token}: ${status}`;
    return [[lease.job, make(heartbeat(lease.token, status), said, status === "cancel")]];
  });
}

function reportSteps({ leases }: Asked<"report">, answer: Answer | null, make: MakeStep): readonly JobStepOf[] {
  const statuses = answerTo("report", answer)?.statuses ?? [];
  return leases.flatMap(({ job, token }, i): readonly JobStepOf[] => {
    const status = statuses[i];
    if (status === undefined) return [];
    return [[job, make(reported(token, status), `reported under token ${token}: ${status}`)]];
  });
}

function settleSteps({ ends }: Asked<"settle">, answer: Answer | null, make: MakeStep): readonly JobStepOf[] {
  const statuses = answerTo("settle", answer)?.statuses;
  return ends.map((end, i): JobStepOf => {
    const status = statuses?.[i];
    const said = `settled it as ${end.to} under token ${end.token}`;
    if (status === undefined) return [end.job, make(perhapsSettled(end), said)];
    return [end.job, make(settled(end, status), `${said}: ${status}`, status === "cancelled")];
  });
}

function cancelSteps(
  { jobs }: Asked<"cancel">,
  answer: Answer | null,
  make: MakeStep,
  from: number,
): readonly JobStepOf[] {
  const statuses = answerTo("cancel", answer)?.statuses;
  return jobs.flatMap((job, i): readonly JobStepOf[] => {
    const status = statuses?.[i];
    const asked =
      status === undefined
        ? make(perhapsCancelled, "cancelled it", true)
        : make(cancelled(status), `cancelled it: ${status}`, true);
    if (status !== undefined && status !== "requested") return [[job, asked]];
    return [
      [job, asked],
      [job, timely("grace over", from, graceOver, "its worker's grace was over")],
    ];
  });
}

function answerTo<Name extends Answer["name"]>(name: Name, answer: Answer | null): Answered<Name> | undefined {
  return answer?.name === name ? (answer as Answered<Name>) : undefined;
}

/** What time does, unless something else comes before. */
function timely(kind: JobStep["kind"], from: number, apply: JobStep["apply"], said: string): JobStep {
  return { kind, process: null, from, until: Infinity, isOptional: true, apply, said };
}

type Span = Pick<JobStep, "from" | "until">;

interface KnownLease extends LeaseRef {
  readonly worker: string;
  readonly leaseMs: number;
  readonly claimedFrom: number;
  /** It was certainly good for so long from then on. */
  renewedFrom: number;
}

/** Until when leases were certainly good. */
class Leases {
  readonly #all = new Map<string, KnownLease>();
  readonly #leaves = new Map<string, Span[]>();

  claimed({ job, token }: LeaseRef, { worker, leaseMs }: Asked<"claim">, from: number): void {
    this.#all.set(`${job} ${token}`, { job, token, worker, leaseMs, claimedFrom: from, renewedFrom: from });
  }

  prolonged({ job, token }: LeaseRef, { leaseMs }: Asked<"heartbeat">, from: number): void {
    const lease = this.#all.get(`${job} ${token}`);
    if (lease !== undefined)
      this.#all.set(`${job} ${token}`, { ...lease, leaseMs, renewedFrom: Math.max(from, lease.renewedFrom) });
  }

  left(worker: string, { from, until }: Span): void {
    const leaves = this.#leaves.get(worker) ?? [];
    leaves.push({ from, until });
    this.#leaves.set(worker, leaves);
  }

  /** The ends that leases may have come to by themselves. */
  *ends(steps: ReadonlyMap<JobId, readonly JobStep[]>): Iterable<JobStepOf> {
    for (const { job, token, worker, leaseMs, claimedFrom, renewedFrom } of this.#all.values()) {
      // A claim may have waited for a long time; it was not given before there was a job.
      const enqueuedFrom = Math.min(
        ...(steps.get(job) ?? []).filter(({ kind }) => kind === "enqueue").map(({ from }) => from),
      );
      const from =
        Math.max(renewedFrom, Number.isFinite(enqueuedFrom) ? enqueuedFrom : 0) + leaseMs * 1_000 - CLOCKS_DIFFER_US;
      yield [job, timely("lease over", from, lost(token, false), `the lease under token ${token} was over`)];
      yield [
        job,
        timely("lease over", from, lost(token, true), `the lease of the last attempt, token ${token}, was over`),
      ];
      for (const leave of this.#leaves.get(worker) ?? []) {
        if (leave.until < claimedFrom) continue;
        yield [
          job,
          { ...timely("leave", leave.from, gaveBack(token), `its worker left, with token ${token}`), ...leave },
        ];
      }
    }
  }
}
