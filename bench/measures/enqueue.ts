import { payloads } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { quantilesMs } from "../statistics.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/**
 * Enqueue `jobs` jobs: in calls of `perCall`, or, where that is 0, one by one by `callers` callers each of which
 * waits for its answer.
 */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const perCall = countOf(task, "perCall");
  const contestant = await openContestant(task);
  const tookMs: number[] = [];
  let asked = 0;

  async function caller(): Promise<void> {
    while (asked < jobs) {
      const from = asked;
      asked += Math.max(1, perCall);
      const startedMs = performance.now();
      if (perCall === 0) await contestant.add({ n: from, at: 0 });
      else await contestant.addMany(payloads(Math.min(perCall, jobs - from), from));
      tookMs.push(performance.now() - startedMs);
    }
  }
  const callers = Array.from({ length: countOf(task, "callers") }, () => caller);
  const figures = await timed(jobs, () => Promise.all(callers.map((call) => call())), contestant);
  await contestant.close();
  return { ...figures, ...quantilesMs(tookMs) };
}
