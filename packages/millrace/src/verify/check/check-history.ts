import type { JobId } from "../../core/job.ts";
import { isFinal } from "../../core/states.ts";
import { callsOf, type Call } from "../history/calls.ts";
import type { Entry } from "../history/entry.ts";
import { ABSENT, ended, keyOfState } from "./job-machine.ts";
import { jobSteps, unheardSteps, type JobStep } from "./job-steps.ts";
import { linearize, shrink, type Judgement } from "./linearize.ts";
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
    // First, for it is the first to be left out of a story that is one without it.
    const steps = [lyingThere(finalJobs.get(id), last + 1), ...begun];
    stepCount += steps.length;
    const [judgement, judged] = judge(steps, calls);
    if (judgement === "unknown") unknown.push(id);
    if (judgement === "violated" && violations.length < MOST_VIOLATIONS) violations.push(violationOf(id, judged));
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

/** Claims that nobody heard of are thought of only where nothing else explains what was seen. */
function judge(steps: readonly JobStep[], calls: readonly Call[]): readonly [Judgement, readonly JobStep[]] {
  const judgement = linearize(steps, ABSENT, keyOfState);
  const unheard = judgement === "violated" ? unheardSteps(calls, Math.min(...steps.map(({ from }) => from))) : [];
  if (unheard.length === 0) return [judgement, steps];
  const all = [...steps, ...unheard];
  return [linearize(all, ABSENT, keyOfState), all];
}

function lyingThere(job: FinalJob | undefined, from: number): JobStep {
  const place =
    job === undefined ? "absent" : isFinal(job.state) ? job.state : job.state === "running" ? "held" : "waiting";
  const said = job === undefined ? "it is not there" : `it is ${job.state}`;
  // It was looked at some time later, and until then leases may have run out.
  const until = Number.MAX_VALUE;
  return { kind: "in the end", process: null, from, until, isOptional: false, apply: ended(place), said };
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
      until: until < Number.MAX_VALUE ? until - start : null,
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
  return last?.kind === "claim" ? "G1" : "G2";
}
