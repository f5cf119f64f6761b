import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { answerTo, isUnheard, type Call } from "../history/calls.ts";
import type { Answer, Operation } from "../history/entry.ts";
import {
  cancelled,
  claimed,
  enqueued,
  found,
  graceOver,
  heartbeat,
  perhapsCancelled,
  perhapsSettled,
  reported,
  settled,
  unchanged,
} from "./job-machine.ts";
import { timely, type JobStep } from "./job-step.ts";
import type { Leases } from "./leases.ts";

/** The steps of every job that the calls are about. */
export function jobSteps(calls: readonly Call[], leases: Leases): ReadonlyMap<JobId, readonly JobStep[]> {
  const steps = new Map<JobId, JobStep[]>();
  for (const call of calls) {
    for (const [job, step] of stepsOf(call, leases)) {
      const all = steps.get(job);
      if (all === undefined) steps.set(job, [step]);
      else all.push(step);
    }
  }
  for (const [job, all] of steps) {
    const enqueuedFrom = all.find(({ kind }) => ENQUEUES.has(kind))?.from ?? 0;
    for (const step of leases.endsOf(job, enqueuedFrom)) all.push(step);
  }
  return steps;
}

/** What brings a job into being. */
const ENQUEUES: ReadonlySet<JobStep["kind"]> = new Set(["enqueue", "transact", "fire"]);

type JobStepOf = readonly [job: JobId, step: JobStep];
type MakeStep = (apply: JobStep["apply"], said: string, tellsOfCancel?: boolean) => JobStep;

function stepsOf(call: Call, leases: Leases): readonly JobStepOf[] {
  const { operation, answer, process, from } = call;
  const isKnown = !isUnheard(call);
  // Nothing was done, and it is known.
  if (isKnown && answer?.name === "error") return [];
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
    case "transact":
      return transactSteps(operation, make);
    case "fire":
      // Which of the processes that saw it was due enqueued it is not told.
      return [
        [operation.job.id, { ...make(enqueued, "enqueued it for its schedule"), until: Infinity, isOptional: true }],
      ];
    case "promote":
    case "rescue":
    case "prune":
    case "number":
    case "adopt":
    case "configure":
      return [];
  }
}

type Asked<Name extends Operation["name"]> = Operation & { readonly name: Name };

function enqueueSteps({ jobs, under }: Asked<"enqueue">, answer: Answer | null, make: MakeStep): readonly JobStepOf[] {
  const { results, isLost = false } = answerTo("enqueue", answer) ?? {};
  const steps = jobs.flatMap(({ id }, i): readonly JobStepOf[] => {
    if (results === undefined) return [[id, make(enqueued, "enqueued it")]];
    const result = results[i];
    if (result === null || result === undefined) return [];
    const isOwn = result.job === id;
    return [[result.job, make(isOwn ? enqueued : found, isOwn ? "enqueued it" : "found it by its key")]];
  });
  if (under === undefined || results === undefined) return steps;
  const status = isLost ? "lost" : "kept";
  const said = `enqueued others under token ${under.token}: ${status}`;
  return [...steps, [under.job, make(reported(under.token, status), said)]];
}

function transactSteps({ jobs, ends, to }: Asked<"transact">, make: MakeStep): readonly JobStepOf[] {
  // Named, so that a story can tell of it; it has no effect, whenever it was.
  const isUndone = to === "rollback";
  return [
    ...jobs.map(({ id }): JobStepOf => [
      id,
      isUndone ? make(unchanged, "enqueued it, and rolled back") : make(enqueued, "enqueued it in a transaction"),
    ]),
    ...ends.map((end): JobStepOf => {
      const said = `settled it as ${end.to} under token ${end.token} in a transaction`;
      return [end.job, isUndone ? make(unchanged, `${said}, and rolled back`) : make(settled(end, "settled"), said)];
    }),
  ];
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
    if (status === "held" || status === "cancel") prolong(lease);
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
