import type { JobId } from "../../core/job.ts";
import { isFinal } from "../../core/states.ts";
import { callsOf } from "../history/calls.ts";
import type { Entry } from "../history/entry.ts";
import { ABSENT, ended, keyOfState } from "./job-machine.ts";
import { jobSteps, type JobStep } from "./job-steps.ts";
import { linearize, shrink } from "./linearize.ts";
import { numberViolations } from "./numbers.ts";
import { errorViolations, timeViolations } from "./facts.ts";
import type { FinalJob, HistoryVerdict, HistoryViolation } from "./verdict.ts";

/** A broken store breaks its promises for many jobs; so many stories are enough. */
const MOST_VIOLATIONS = 5;

/**
 * Hold what was asked and answered against what a job can do, and against what lies in the store in the end.
 * @param jobs all jobs of the store, once nobody works on it any more
 */
export function checkHistory(entries: Iterable<Entry>, jobs: Iterable<FinalJob>): HistoryVerdict {
  const calls = callsOf(entries);
  const finalJobs = new Map([...jobs].map((job) => [job.id, job]));
  const all = jobSteps(calls);
  const violations: HistoryViolation[] = [];
  const unknown: JobId[] = [];
  const last = Math.max(0, ...calls.map(({ from, until }) => Math.max(from, until)));
  let stepCount = 0;
  for (const [id, begun] of all) {
    const steps = [...begun, lyingThere(finalJobs.get(id), last)];
    stepCount += steps.length;
    const judgement = linearize(steps, ABSENT, keyOfState);
    if (judgement === "unknown") unknown.push(id);
    if (judgement === "violated" && violations.length < MOST_VIOLATIONS) violations.push(violationOf(id, steps));
  }
  return {
    violations: [
      ...violations,
      ...numberViolations(calls, finalJobs),
      ...timeViolations(finalJobs.values()),
      ...errorViolations(calls),
    ],
    unknown,
    checked: { calls: calls.length, jobs: all.size, steps: stepCount },
  };
}

function lyingThere(job: FinalJob | undefined, from: number): JobStep {
  const place =
    job === undefined ? "absent" : isFinal(job.state) ? job.state : job.state === "running" ? "held" : "waiting";
  const said = job === undefined ? "it is not there" : `it is ${job.state}`;
  return { kind: "in the end", process: null, from, until: from, isOptional: false, apply: ended(place), said };
}

function violationOf(id: JobId, steps: readonly JobStep[]): HistoryViolation {
  const needed = shrink(steps, ABSENT, keyOfState).toSorted((a, b) => a.from - b.from);
  const start = needed[0]?.from ?? 0;
  return {
    guarantee: guaranteeOf(needed),
    message: `what was answered about ${id} cannot all be true`,
    rows: [id],
    story: needed.map(({ from, until, process, said }) => ({
      from: from - start,
      until: Number.isFinite(until) ? until - start : null,
      process,
      said,
    })),
  };
}

/** Which promise the calls show to be broken: by the last of them, which is the one too many. */
function guaranteeOf(needed: readonly JobStep[]): string {
  const last = needed.toSorted((a, b) => a.until - b.until).at(-1);
  if (needed.some(({ tellsOfCancel }) => tellsOfCancel === true)) return "G7";
  if (last?.kind === "in the end") return needed.some(({ kind }) => kind === "settle") ? "G6" : "G3";
  if (needed.filter(({ kind }) => kind === "claim").length > 1 && last?.kind === "claim") return "G1";
  return "G2";
}
