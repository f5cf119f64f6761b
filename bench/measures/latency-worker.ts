import { startProbe } from "../latency-probe.ts";
import { openContestant } from "../open-contestant.ts";
import type { Figures, Task } from "../task.ts";

/** The worker of `latency-across`. */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  const seenAll = await startProbe(task, contestant);
  process.send?.({ isReady: true });
  const figures = await seenAll();
  await contestant.close();
  return figures;
}
