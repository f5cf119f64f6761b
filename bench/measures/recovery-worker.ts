import { setTimeout as pause } from "node:timers/promises";
import { openContestant } from "../open-contestant.ts";
import { nextSignal } from "../signals.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { noteRun } from "./recovery-log.ts";

/** The worker of `recovery`, until it is told to stop or dies. */
export async function measure(task: Task): Promise<Figures> {
  // What peers throw where nobody can catch it passes by itself; one that has given up is started again, with its process.
  process.on("uncaughtException", () => undefined);
  process.on("unhandledRejection", () => process.exit(1));
  const contestant = await openContestant(task);
  if (contestant.start === undefined) throw new Error(`${task.contestant} cannot work until it is told to stop`);
  const jobMs = countOf(task, "jobMs");
  await contestant.start({
    concurrency: countOf(task, "concurrency"),
    handler: async ({ n }) => {
      noteRun(task.folder, "started", n);
      await pause(jobMs);
      noteRun(task.folder, "ended", n);
    },
  });
  const stop = nextSignal();
  process.send?.({ isReady: true });
  await stop;
  return {};
}
