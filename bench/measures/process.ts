import type { Handler } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { comeToRest } from "../postgres-server.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** From the start of the worker until the last of the queued jobs is settled. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const contestant = await openContestant(task);
  await contestant.fill(jobs, task.counts["priorities"]);
  await comeToRest(task.postgres);
  const options = { concurrency: countOf(task, "concurrency"), handler: handlerOf(task.counts["jobMs"] ?? 0) };
  const figures = await timed(jobs, () => contestant.drain(jobs, options), contestant);
  const completed = await contestant.completedCount();
  if (completed !== jobs) throw new Error(`${task.contestant} completed ${completed} of ${jobs} jobs`);
  await contestant.close();
  return figures;
}

function handlerOf(jobMs: number): Handler {
  if (jobMs === 0) return () => {};
  return () => new Promise((resolve) => void setTimeout(resolve, jobMs));
}
