import { enqueuePaced, startProbe } from "../latency-probe.ts";
import { openContestant } from "../open-contestant.ts";
import type { Figures, Task } from "../task.ts";

/** From the call of enqueue to the start of the handler, both in this process, which has nothing else to do. */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  const seenAll = await startProbe(task, contestant);
  await enqueuePaced(task, contestant);
  const figures = await seenAll();
  await contestant.close();
  return figures;
}
