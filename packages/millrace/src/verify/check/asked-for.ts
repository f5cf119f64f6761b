import type { JobId } from "../../core/job.ts";
import { answerTo, isUnheard, type Call } from "../history/calls.ts";
import type { EnqueuedJob } from "../history/entry.ts";

/** A job that somebody asked for, and what is known of when it came to be. */
export interface AskedJob {
  readonly job: EnqueuedJob;
  readonly by: "enqueue" | "transact" | "fire";
  readonly process: string;
  /** It was not there before. */
  readonly from: number;
  /** It was there by then; `Infinity` where nobody was told so. */
  readonly until: number;
  /** As told; `null` where it was told none. */
  readonly number: number | null;
  /** It was asked for in a transaction that was rolled back. */
  readonly isUndone: boolean;
}

/** All jobs that anybody asked for, but for those that another stood for, or that were refused. */
export function askedJobs(calls: readonly Call[]): ReadonlyMap<JobId, AskedJob> {
  const all = new Map<JobId, AskedJob>();
  const add = (asked: AskedJob): void => {
    const { id } = asked.job;
    const before = all.get(id);
    if (before === undefined || before.isUndone) all.set(id, asked);
    // Sent again: which of the calls wrote it is not told.
    else all.set(id, { ...before, until: Math.min(before.until, asked.until), number: before.number ?? asked.number });
  };
  for (const call of calls) {
    const { operation, process, from } = call;
    const isHeard = !isUnheard(call);
    if (isHeard && call.answer?.name === "error") continue;
    const until = isHeard ? call.until : Infinity;
    const asked = { process, from, number: null, isUndone: false };
    if (operation.name === "enqueue") {
      const results = answerTo("enqueue", call.answer)?.results;
      operation.jobs.forEach((job, i) => {
        const result = results?.[i];
        if (results === undefined) add({ ...asked, job, by: "enqueue", until });
        else if (result?.job === job.id) add({ ...asked, job, by: "enqueue", until, number: result.number });
      });
    }
    if (operation.name === "transact") {
      const isUndone = operation.to === "rollback";
      for (const job of operation.jobs) add({ ...asked, job, by: "transact", until, isUndone });
    }
    if (operation.name === "fire") add({ ...asked, job: operation.job, by: "fire", until: Infinity });
  }
  return all;
}
