import type { Contestant, OpenContestant } from "./contestants/contestant.ts";
import type { ContestantName, Task } from "./task.ts";

const MODULES: Readonly<Record<ContestantName, () => Promise<{ readonly openContestant: OpenContestant }>>> = {
  millrace: () => import("./contestants/millrace.ts"),
  bare: () => import("./contestants/bare.ts"),
  plainjob: () => import("./contestants/plainjob.ts"),
  bullmq: () => import("./contestants/bullmq.ts"),
};

/** The contestant that a task names, in this process. */
export async function openContestant(task: Task): Promise<Contestant> {
  const { openContestant: open } = await MODULES[task.contestant]();
  return open(task);
}
