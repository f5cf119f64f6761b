import type { Job, JobId } from "../../core/job.ts";
import type { FinalJob, HistoryViolation } from "../check/verdict.ts";
import type { HandlerLine } from "./handler-line.ts";
import { KINDS, type Receipt } from "./order.ts";

type Told = Pick<HistoryViolation, "guarantee" | "message" | "rows">;

/** A job that was read in the end, and what its handler returned. */
export type WitnessedJob = FinalJob & Pick<Job, "result" | "attempt" | "maxAttempts" | "kind" | "retryOf">;

/** What handlers saw themselves: under one token, one of them begins. */
export function handlerFindings(lines: Iterable<HandlerLine>): readonly Told[] {
  const begun = new Set<string>();
  const findings: Told[] = [];
  for (const { what, job, token } of lines) {
    if (what !== "begin") continue;
    const claim = `${job} ${token}`;
    if (begun.has(claim)) findings.push(told("G1", `${job} was begun twice under token ${token}`, job));
    begun.add(claim);
  }
  return findings;
}

/**
 * Each claim has a token and left one record, but for the last, which is the outcome. So the tokens of the attempts are
 * 1 to n, and the one that completed the job is n + 1: no claim is missing, none was settled twice.
 */
export function attemptFindings(
  jobs: Iterable<WitnessedJob>,
  leaseMs: number,
  isStoresClock: boolean,
): readonly Told[] {
  return [...jobs].flatMap(({ id, state, result, attempts = [], attempt, maxAttempts, finishedAt }) => {
    const found: Told[] = [];
    if (attempt > maxAttempts) found.push(told("G2", `${id} had ${attempt} attempts of ${maxAttempts}`, id));
    attempts.forEach(({ token, ending, startedAt, endedAt }, i) => {
      if (token !== i + 1) found.push(told("G2", `${id} has token ${token} as its claim number ${i + 1}`, id));
      const next = attempts[i + 1]?.startedAt ?? finishedAt;
      // A clock that was set back begins the next attempt before the end of the last.
      if (isStoresClock && next !== null && next < endedAt)
        found.push(told("G1", `${id} was claimed again before claim ${token} was over`, id));
      const tookMs = endedAt.getTime() - startedAt.getTime();
      if (isStoresClock && ending === "lost" && tookMs < leaseMs)
        found.push(told("G1", `${id} lost claim ${token} after ${tookMs} ms of its lease of ${leaseMs} ms`, id));
    });
    const receipt = result as Receipt | null;
    if (state === "completed" && receipt?.token !== attempts.length + 1) {
      const message = `${id} was completed by claim ${receipt?.token}, and there were ${attempts.length} before`;
      found.push(told("G2", message, id));
    }
    return found;
  });
}

/**
 * A caller's own rows and its jobs, or their completions, were written in one transaction: there are both or neither.
 * @param notes such as `enqueued job_… main`: deed, job and queue
 * @param pruned the queue whose jobs may have been deleted since
 */
export function noteFindings(
  notes: readonly string[],
  jobs: ReadonlyMap<JobId, WitnessedJob>,
  pruned: string,
): readonly Told[] {
  const enqueued = new Set<string>();
  const findings = notes.flatMap((note) => {
    const [deed, id, queue] = note.split(" ") as [string, JobId, string];
    if (deed === "enqueued") enqueued.add(id);
    const job = jobs.get(id);
    if (job === undefined) {
      return queue === pruned ? [] : [told("G11", `a caller has ${deed} ${id}, and it is not there`, id)];
    }
    if (deed === "enqueued" || job.state === "completed") return [];
    return [told("G11", `a caller has completed ${id} in a transaction, and it is ${job.state}`, id)];
  });
  const unnoted = [...jobs.values()].filter(
    ({ id, kind, retryOf }) => kind === KINDS.bound && retryOf === null && !enqueued.has(id),
  );
  return [
    ...findings,
    ...unnoted.map(({ id }) => told("G11", `${id} is there, and what its caller wrote with it is not`, id)),
  ];
}

function told(guarantee: string, message: string, row: string): Told {
  return { guarantee, message, rows: [row] };
}

export function countHandlers(lines: Iterable<HandlerLine>): { readonly handlers: number; readonly cutShort: number } {
  let handlers = 0;
  let ended = 0;
  for (const { what } of lines) {
    if (what === "begin") handlers += 1;
    else ended += 1;
  }
  return { handlers, cutShort: handlers - ended };
}
