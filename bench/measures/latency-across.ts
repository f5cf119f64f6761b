import { enqueuePaced } from "../latency-probe.ts";
import { openContestant } from "../open-contestant.ts";
import { spawnChild } from "../spawn-child.ts";
import type { Figures, Task } from "../task.ts";

/** As `latency`, with the worker in a process of its own. */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  const worker = spawnChild({ ...task, measure: "latency-worker" });
  await worker.ready;
  await enqueuePaced(task, contestant);
  const figures = await worker.figures;
  await contestant.close();
  return figures;
}
