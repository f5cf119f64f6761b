import type { JobId } from "../../core/job.ts";
import { answerTo, isUnheard, type Call } from "../history/calls.ts";
import type { AttemptEnd, EnqueuedJob } from "../history/entry.ts";
import type { Evidence } from "./evidence.ts";
import { queueOf } from "./evidence.ts";

/** What is known of one part of something that is to happen as a whole. */
interface Part {
  readonly what: string;
  /** `null` where it cannot be told. */
  readonly isThere: boolean | null;
}

/** G11: all of it, or nothing of it. */
export function checkAtomic(evidence: Evidence): void {
  const { history, findings } = evidence;
  const settledBy = settlesByToken(history.calls);
  const seen = seenJobs(history.calls);
  for (const call of history.calls) {
    const { operation, answer } = call;
    if (operation.name === "transact") {
      findings.judged("G11");
      if (operation.to === "rollback") continue;
      const parts = [
        ...operation.jobs.map((job) => jobPart(evidence, seen, job)),
        ...operation.ends.map((end) => endPart(evidence, settledBy, end)),
      ];
      judge(evidence, call, parts, "committed a transaction");
    }
    if (operation.name === "enqueue" && operation.isAllOrNone === true) {
      findings.judged("G11");
      const results = answerTo("enqueue", answer)?.results;
      const parts = operation.jobs.map((job, i): Part => {
        if (results !== undefined) return { what: job.id, isThere: (results[i] ?? null) !== null };
        const part = jobPart(evidence, seen, job);
        // Its key may have named one that was there before.
        return (job.key ?? null) === null || part.isThere === true ? part : { ...part, isThere: null };
      });
      judge(evidence, call, parts, "enqueued all or none");
    }
  }
}

function judge({ findings }: Evidence, call: Call, parts: readonly Part[], what: string): void {
  const there = parts.find(({ isThere }) => isThere === true);
  const missing = parts.find(({ isThere }) => isThere === false);
  if (there === undefined || missing === undefined) return;
  const { from, process } = call;
  const until = isUnheard(call) ? Infinity : call.until;
  const said = `${what}, of which ${there.what} is there and ${missing.what} is not`;
  findings.violated(
    "G11",
    `${there.what} was written without ${missing.what}`,
    [there.what, missing.what],
    [{ from, until, process, said }],
  );
}

function jobPart(evidence: Evidence, seen: ReadonlySet<JobId>, { id }: EnqueuedJob): Part {
  const { jobs, asked, terms } = evidence;
  if (jobs.has(id) || seen.has(id)) return { what: id, isThere: true };
  const from = asked.get(id)?.from ?? 0;
  const isPrunable = (["completed", "failed", "cancelled"] as const).some(
    (end) => terms.prunableFrom(queueOf(evidence, id), end, from) !== null,
  );
  return { what: id, isThere: isPrunable ? null : false };
}

function endPart({ jobs }: Evidence, settledBy: ReadonlyMap<string, number>, { job, token, to }: AttemptEnd): Part {
  const what = `the end of ${job} as ${to}`;
  const final = jobs.get(job);
  if (final?.attempts === undefined) return { what, isThere: null };
  const isLast = final.attempts.length + 1 === token;
  const isAsSaid =
    to === "waiting"
      ? final.attempts.some((each) => each.token === token && each.ending !== "lost")
      : isLast && final.state === to;
  if (!isAsSaid) return { what, isThere: false };
  // Another call may have ended it in the same way.
  return {
    what,
    isThere: (settledBy.get(`${job} ${token}`) ?? 0) > 1 || to === "failed" || to === "cancelled" ? null : true,
  };
}

function settlesByToken(calls: readonly Call[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { operation } of calls) {
    if (operation.name !== "settle" && operation.name !== "transact") continue;
    for (const { job, token } of operation.ends)
      counts.set(`${job} ${token}`, (counts.get(`${job} ${token}`) ?? 0) + 1);
  }
  return counts;
}

/** Jobs that somebody got hold of. */
function seenJobs(calls: readonly Call[]): ReadonlySet<JobId> {
  const seen = new Set<JobId>();
  for (const { answer } of calls) for (const { job } of answerTo("claim", answer)?.leases ?? []) seen.add(job);
  return seen;
}
