import type { JobId } from "../../core/job.ts";
import { answerTo } from "../history/calls.ts";
import { isFinal } from "../../core/states.ts";
import type { AskedJob } from "./asked-for.ts";
import type { Evidence } from "./evidence.ts";
import type { JobStep } from "./job-step.ts";

/** A job with a key, and from when to when it had certainly not ended. */
interface Keyed {
  readonly id: JobId;
  readonly asked: AskedJob;
  readonly endsFrom: number;
}

/** G3: of jobs with one key only one has not ended; whoever asks for it again is answered with that one. */
export function checkKeys(evidence: Evidence, steps: ReadonlyMap<JobId, readonly JobStep[]>): void {
  const { asked, findings } = evidence;
  const byKey = new Map<string, Keyed[]>();
  for (const [id, each] of asked) {
    const { key = null } = each.job;
    if (key === null || each.until === Infinity || each.isUndone) continue;
    const all = byKey.get(key) ?? [];
    byKey.set(key, all);
    all.push({ id, asked: each, endsFrom: endsFrom(evidence, id, steps.get(id) ?? []) });
  }
  for (const [key, all] of byKey) {
    findings.judged("G3");
    let longest: Keyed | undefined;
    for (const each of all.toSorted((a, b) => a.asked.from - b.asked.from)) {
      if (longest !== undefined && longest.asked.until < each.asked.from && longest.endsFrom > each.asked.until) {
        const message = `${each.id} was written although ${longest.id}, which has the same key ${key}, had not ended`;
        const told = [longest, each].map(({ id, asked: { from, until, process } }) => {
          return { from, until, process, said: `enqueued ${id} with the key ${key}` };
        });
        findings.violated("G3", message, [longest.id, each.id], told);
      }
      if (longest === undefined || each.endsFrom > longest.endsFrom) longest = each;
    }
  }
}

/** The earliest that anything may have ended a job. */
function endsFrom({ jobs, clock, history }: Evidence, id: JobId, steps: readonly JobStep[]): number {
  const final = jobs.get(id);
  if (final !== undefined && !isFinal(final.state)) return history.end;
  const finished = clock.spanOf(final?.finishedAt);
  if (finished !== undefined) return finished.from;
  return steps.reduce((first, { kind, from }) => (MAY_END.has(kind) ? Math.min(first, from) : first), Infinity);
}

const MAY_END: ReadonlySet<JobStep["kind"]> = new Set([
  "settle",
  "transact",
  "cancel",
  "leave",
  "lease over",
  "grace over",
]);

/** G1: each due time of a schedule is enqueued once. */
export function checkSchedules({ history, jobs, findings }: Evidence): void {
  const seen = new Set<JobId>(jobs.keys());
  for (const { answer } of history.calls) for (const { job } of answerTo("claim", answer)?.leases ?? []) seen.add(job);
  const fired = new Map<string, JobId>();
  for (const { operation, from, process } of history.calls) {
    if (operation.name !== "fire" || operation.dueAt === null || !seen.has(operation.job.id)) continue;
    findings.judged("G1");
    const due = `${operation.schedule} at ${operation.dueAt}`;
    const before = fired.get(due);
    if (before === undefined) fired.set(due, operation.job.id);
    else if (before !== operation.job.id) {
      const said = `enqueued ${operation.job.id} for ${due}`;
      findings.violated(
        "G1",
        `${before} and ${operation.job.id} were both enqueued for ${due}`,
        [before, operation.job.id],
        [{ from, until: Infinity, process, said }],
      );
    }
  }
}
