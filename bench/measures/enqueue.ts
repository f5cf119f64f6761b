import { payloads, type Contestant } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { quantilesMs } from "../statistics.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/**
 * Enqueue `jobs` jobs: in calls of `perCall`, or, where that is 0, one by one by `callers` callers each of which
 * waits for its answer; where `within` is 1, each in a transaction of the caller's.
 */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const perCall = countOf(task, "perCall");
  const contestant = await openContestant(task);
  const addOne = wayToAddOne(task, contestant);
  const tookMs: number[] = [];
  let asked = 0;

  async function caller(): Promise<void> {
    while (asked < jobs) {
      const from = asked;
      asked += Math.max(1, perCall);
      const startedMs = performance.now();
      if (perCall === 0) await addOne({ n: from, at: 0 });
      else await contestant.addMany(payloads(Math.min(perCall, jobs - from), from));
      tookMs.push(performance.now() - startedMs);
    }
  }
  const callers = Array.from({ length: countOf(task, "callers") }, () => caller);
  const figures = await timed(jobs, () => Promise.all(callers.map((call) => call())), contestant);
  await contestant.close();
  return { ...figures, ...quantilesMs(tookMs) };
}

function wayToAddOne(task: Task, { add, addWithin }: Contestant): Contestant["add"] {
  if (task.counts["within"] !== 1) return add;
  if (addWithin === undefined) throw new Error(`${task.contestant} cannot be part of a transaction of the caller`);
  return addWithin;
}
