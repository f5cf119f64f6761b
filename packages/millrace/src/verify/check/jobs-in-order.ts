import type { JobId } from "../../core/job.ts";
import { isFinal } from "../../core/states.ts";
import { queueOf, type Evidence } from "./evidence.ts";
import { ABSENT, ended, keyOfState, pruned, type Ending } from "./job-machine.ts";
import type { JobStep } from "./job-step.ts";
import type { Leases } from "./leases.ts";
import { linearize, shrink, type Judgement } from "./linearize.ts";
import { UnheardClaims } from "./unheard-claims.ts";

/** So many broken jobs are looked into, to tell the shortest of their stories. */
const MOST_LOOKED_INTO = 20;
/** Claims that nobody heard of make the search longer. */
const UNHEARD_BUDGET = 60_000;

/**
 * G1, G2, G3, G6, G7 and, for transactions, G11: what was asked and answered about each job can be put into one order
 * that the model of a job agrees with, and that leads to where it lies in the end.
 * @returns how many steps there were
 */
export function checkJobs(evidence: Evidence, steps: ReadonlyMap<JobId, readonly JobStep[]>, leases: Leases): number {
  const { history, jobs, asked, findings } = evidence;
  const unheard = new UnheardClaims(history.calls, leases);
  let stepCount = 0;
  let lookedInto = 0;
  const found = new Map<string, number>();
  let others = 0;
  for (const [id, begun] of steps) {
    // First, for it is the first to be left out of a story that is one without it.
    const known = [lyingThere(evidence, id), ...begun];
    const isGone = !jobs.has(id);
    const all = isGone ? [...known, ...pruning(evidence, id, begun)] : known;
    stepCount += all.length;
    for (const guarantee of ["G1", "G2", "G6"]) findings.judged(guarantee);
    if ((asked.get(id)?.until ?? Infinity) < Infinity) findings.judged("G3");
    const [judgement, judged] = judge(all, unheard);
    if (judgement === "unknown") {
      const why = `no order of the ${all.length} things that were said about it was found, nor shown to be impossible`;
      findings.unknown(["G1", "G2", "G6"], id, why);
    }
    if (judgement !== "violated") continue;
    if (lookedInto >= MOST_LOOKED_INTO) {
      others += 1;
      continue;
    }
    lookedInto += 1;
    const guarantee = tell(evidence, id, judged);
    found.set(guarantee, (found.get(guarantee) ?? 0) + 1);
  }
  // What was not looked into is taken for more of what was found most.
  const [most] = [...found].toSorted((a, b) => b[1] - a[1]);
  if (most !== undefined && others > 0) findings.violatedToo(most[0], others);
  return stepCount;
}

/** Claims that nobody heard of are thought of only where nothing else explains what was seen. */
function judge(steps: readonly JobStep[], unheard: UnheardClaims): readonly [Judgement, readonly JobStep[]] {
  const judgement = linearize(steps, ABSENT, keyOfState);
  if (judgement !== "violated") return [judgement, steps];
  const from = steps.reduce((first, step) => Math.min(first, step.from), Infinity);
  const heard = steps.filter(({ process }) => process !== null);
  const until = heard.reduce((last, step) => Math.max(last, step.from), from);
  const { steps: more, isAll } = unheard.stepsFor(from, until);
  if (more.length === 0) return ["violated", steps];
  const all = [...steps, ...more];
  const second = linearize(all, ABSENT, keyOfState, UNHEARD_BUDGET);
  return [second === "violated" && !isAll ? "unknown" : second, all];
}

/** After everything else, it was looked at; some time later, until when leases may have run out. */
function lyingThere({ jobs, history }: Evidence, id: JobId): JobStep {
  const job = jobs.get(id);
  const place =
    job === undefined ? "absent" : isFinal(job.state) ? job.state : job.state === "running" ? "held" : "waiting";
  const said = job === undefined ? "it is not there" : `it is ${job.state}`;
  const [from, until] = [history.end + 1, Number.MAX_VALUE];
  return { kind: "in the end", process: null, from, until, isOptional: false, apply: ended(place), said };
}

/** The deletion of a job whose time was over. */
function pruning(evidence: Evidence, id: JobId, steps: readonly JobStep[]): readonly JobStep[] {
  const { terms } = evidence;
  const queue = queueOf(evidence, id);
  const ends = new Set<Ending>();
  let first = Infinity;
  for (const end of ["completed", "failed", "cancelled"] as const) {
    const endedFrom = steps.reduce(
      (least, { kind, from }) => (ENDS[end].has(kind) ? Math.min(least, from) : least),
      Infinity,
    );
    const from = endedFrom === Infinity ? null : terms.prunableFrom(queue, end, endedFrom);
    if (from === null) continue;
    ends.add(end);
    first = Math.min(first, from);
  }
  if (ends.size === 0) return [];
  const said = "its retention was over, and it was deleted";
  return [{ kind: "prune", process: null, from: first, until: Infinity, isOptional: true, apply: pruned(ends), said }];
}

/** What may bring a job to its end. */
const ENDS: Readonly<Record<Ending, ReadonlySet<JobStep["kind"]>>> = {
  completed: new Set(["settle", "transact"]),
  failed: new Set(["settle", "transact", "lease over"]),
  cancelled: new Set(["settle", "transact", "cancel", "leave", "lease over", "grace over"]),
};

/** Answers the guarantee that is shown to be broken. */
function tell({ asked, findings }: Evidence, id: JobId, steps: readonly JobStep[]): string {
  const isUndone = asked.get(id)?.isUndone === true;
  const needed = shrink(steps, ABSENT, keyOfState).toSorted((a, b) => a.from - b.from);
  const told = isUndone ? [...steps.filter(({ kind }) => kind === "transact"), ...needed] : needed;
  const guarantee = isUndone ? "G11" : guaranteeOf(needed);
  const message = isUndone
    ? `${id} was enqueued in a transaction that was rolled back, and is there`
    : `what was answered about ${id} cannot all be true`;
  findings.violated(guarantee, message, [id], told);
  return guarantee;
}

/** Which promise the calls show to be broken: by the last of them, which is the one too many. */
function guaranteeOf(needed: readonly JobStep[]): string {
  const last = needed.toSorted((a, b) => a.until - b.until).at(-1);
  if (needed.some(({ kind }) => kind === "transact")) return "G11";
  if (needed.some(({ tellsOfCancel }) => tellsOfCancel === true)) return "G7";
  if (last?.kind === "in the end") return needed.some(({ kind }) => kind === "settle") ? "G6" : "G3";
  if (last?.kind === "enqueue") return "G3";
  return last?.kind === "claim" ? "G1" : "G2";
}
