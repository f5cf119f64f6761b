import { microseconds } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { readyAndWait } from "../signals.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** One of the processes of `crew`. */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  await readyAndWait();
  const cpuBefore = process.cpuUsage();
  let ran = 0;
  const handler = (): void => {
    ran += 1;
  };
  await contestant.drain(countOf(task, "jobs"), { concurrency: countOf(task, "concurrency"), handler });
  const endedAt = microseconds();
  const { user, system } = process.cpuUsage(cpuBefore);
  await contestant.close();
  return { ran, endedAt, cpuMs: (user + system) / 1_000 };
}
