import type { JobId } from "../../core/job.ts";
import { answerTo, type Call } from "../history/calls.ts";
import { doubtsOf } from "./doubts.ts";
import type { Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";
import { CLOCKS_DIFFER_US, type JobStep } from "./job-step.ts";

/** A job that waited in its lane from the moment it was there until somebody took it. */
interface Waiting {
  readonly id: JobId;
  readonly process: string;
  readonly priority: number;
  /** When it came to be; `from` is the earliest, `until` the latest. */
  readonly from: number;
  readonly until: number;
  /** Nothing can have taken it before. */
  readonly leftFrom: number;
  readonly leftBy: JobStep | undefined;
}

/** A claim of one job of a lane. */
interface Taken {
  readonly id: JobId;
  readonly call: Call;
  readonly priority: number;
  readonly enqueuedFrom: number;
}

/**
 * G12: what was there first, or has the higher priority, is claimed first.
 *
 * Judged is only what is certain: a job that lay in its lane before the one that was taken was asked for (or, with a
 * higher priority, before it was claimed), to run at once, and that nobody can have taken before. A row that another
 * transaction holds is passed over, and is back when that comes to nothing: so where a claim without an answer, a
 * fault was on its way at the time, nothing is said. And the due time is read from the clock of the store, so that
 * nothing is said where that was set.
 */
export function checkOrder(evidence: Evidence, steps: ReadonlyMap<JobId, readonly JobStep[]>): void {
  const { findings, troubles } = evidence;
  if (troubles.clockSteps.length > 0) return;
  const doubts = doubtsOf(evidence);
  const lanes = lanesOf(evidence, steps);
  for (const [lane, { waiting, taken }] of lanes) {
    const byPriority = new Map<number, Firsts>();
    for (const [priority, each] of Map.groupBy(waiting, (job) => job.priority))
      byPriority.set(priority, new Firsts(each));
    for (const claim of taken) {
      findings.judged("G12");
      for (const [priority, firsts] of byPriority) {
        if (priority < claim.priority) continue;
        const before =
          priority === claim.priority
            ? claim.enqueuedFrom - CLOCKS_DIFFER_US
            : Math.max(claim.call.from, claim.enqueuedFrom);
        const passed = firsts.longestOf(before);
        if (passed === undefined || passed.leftFrom <= claim.call.until) continue;
        if (doubts.meets(claim.call.from, claim.call.until)) continue;
        const told: Told[] = [
          {
            from: passed.from,
            until: passed.until,
            process: passed.process,
            said: `enqueued ${passed.id} with priority ${priority}`,
          },
          { ...claim.call, said: `claimed ${claim.id}, which has priority ${claim.priority} and was enqueued later` },
          ...(passed.leftBy === undefined ? [] : [{ ...passed.leftBy, said: `${passed.leftBy.said} (${passed.id})` }]),
        ];
        findings.violated(
          "G12",
          `${claim.id} was claimed before ${passed.id}, which came before it in the lane ${lane}`,
          [passed.id, claim.id],
          told,
        );
        break;
      }
    }
  }
  checkAnswers(evidence);
}

/** Jobs in the order in which they came, and of those up to each the one that waited longest. */
class Firsts {
  readonly #untils: readonly number[];
  readonly #longest: readonly Waiting[];

  constructor(waiting: readonly Waiting[]) {
    const inOrder = waiting.toSorted((a, b) => a.until - b.until);
    this.#untils = inOrder.map(({ until }) => until);
    let longest: Waiting | undefined;
    this.#longest = inOrder.map(
      (each) => (longest = longest === undefined || each.leftFrom > longest.leftFrom ? each : longest),
    );
  }

  /** Of the jobs that were there before an instant, the one that waited longest. */
  longestOf(before: number): Waiting | undefined {
    let low = 0;
    let high = this.#untils.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#untils[middle] ?? 0) < before) low = middle + 1;
      else high = middle;
    }
    return this.#longest[low - 1];
  }
}

interface Lane {
  readonly waiting: Waiting[];
  readonly taken: Taken[];
}

function lanesOf(
  { history, asked, troubles }: Evidence,
  steps: ReadonlyMap<JobId, readonly JobStep[]>,
): ReadonlyMap<string, Lane> {
  const lanes = new Map<string, Lane>();
  const laneNamed = (name: string): Lane => {
    let lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, (lane = { waiting: [], taken: [] }));
    return lane;
  };
  const firstTokens = firstTokensOf(history);
  for (const [id, { job, process, from, until, isUndone, by }] of asked) {
    // A claim that nobody heard of took it first, and when that was is not known.
    if ((firstTokens.get(id) ?? 1) > 1) continue;
    const { lane, priority, isDelayed } = job;
    if (lane === undefined || priority === undefined || isDelayed !== false || until === Infinity || isUndone) continue;
    // A transaction of the caller took the time of the job when it was asked for, which may be long ago.
    if (by !== "enqueue" || troubles.isSkewed(process)) continue;
    let leftBy: JobStep | undefined;
    for (const step of steps.get(id) ?? []) {
      if (TAKES.has(step.kind) && (leftBy === undefined || step.from < leftBy.from)) leftBy = step;
    }
    // One that still waits in the end was passed over by nobody for certain: nobody may have come.
    const leftFrom = leftBy?.from ?? history.end;
    laneNamed(lane).waiting.push({ id, process, priority, from, until, leftFrom, leftBy });
  }
  for (const call of history.calls) {
    for (const { job: id } of answerTo("claim", call.answer)?.leases ?? []) {
      const { job, from, process, by } = asked.get(id) ?? {};
      if (job?.lane === undefined || job.priority === undefined || from === undefined) continue;
      if (by !== "enqueue" || process === undefined || troubles.isSkewed(process)) continue;
      laneNamed(job.lane).taken.push({ id, call, priority: job.priority, enqueuedFrom: from });
    }
  }
  return lanes;
}

/** The lowest token under which each job is known to have been claimed. */
function firstTokensOf({ calls }: Evidence["history"]): ReadonlyMap<JobId, number> {
  const first = new Map<JobId, number>();
  for (const { answer } of calls) {
    for (const { job, token } of answerTo("claim", answer)?.leases ?? []) {
      first.set(job, Math.min(token, first.get(job) ?? token));
    }
  }
  return first;
}

/** What may have taken a job that waits, whatever came of it. */
const TAKES: ReadonlySet<JobStep["kind"]> = new Set(["claim", "cancel", "settle", "heartbeat", "report", "in the end"]);

/** The jobs of one answer, too, are in their order within their lane. */
function checkAnswers({ history, asked, findings, troubles }: Evidence): void {
  for (const call of history.calls) {
    const highest = new Map<string, { readonly id: JobId; readonly priority: number; readonly from: number }>();
    for (const { job: id, token } of answerTo("claim", call.answer)?.leases ?? []) {
      const { job, from, until = Infinity, by, process = "" } = asked.get(id) ?? {};
      if (job?.lane === undefined || job.priority === undefined || from === undefined || by !== "enqueue") continue;
      if (job.isDelayed !== false || token !== 1 || troubles.isSkewed(process)) continue;
      const before = highest.get(job.lane);
      const isWrong =
        before !== undefined &&
        (job.priority > before.priority ||
          (job.priority === before.priority && until < before.from - CLOCKS_DIFFER_US));
      if (isWrong) {
        const said = `claimed ${before.id} and after it, in one answer, ${id}, which comes before it`;
        findings.violated("G12", `an answer has ${before.id} before ${id}`, [before.id, id], [{ ...call, said }]);
      }
      // Of those with one priority, the one that came last; a lower priority starts anew.
      if (before === undefined || job.priority < before.priority || from > before.from) {
        highest.set(job.lane, { id, priority: job.priority, from });
      }
    }
  }
}
