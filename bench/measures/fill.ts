import { openContestant } from "../open-contestant.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** Queue jobs and end, so that the process that works on them starts with a memory of its own. */
export async function measure(task: Task): Promise<Figures> {
  const queued = countOf(task, "queued");
  const contestant = await openContestant(task);
  const figures = await timed(queued, () => contestant.fill(queued));
  await contestant.close();
  return figures;
}
