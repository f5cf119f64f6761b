import type { Contestant, OpenContestant } from "./contestants/contestant.ts";
import { serverCost } from "./postgres-cost.ts";
import type { ContestantName, Task } from "./task.ts";

const MODULES: Readonly<Record<ContestantName, () => Promise<{ readonly openContestant: OpenContestant }>>> = {
  millrace: () => import("./contestants/millrace.ts"),
  bare: () => import("./contestants/bare.ts"),
  "bare-postgres": () => import("./contestants/bare-postgres.ts"),
  plainjob: () => import("./contestants/plainjob.ts"),
  bullmq: () => import("./contestants/bullmq.ts"),
  "graphile-worker": () => import("./contestants/graphile-worker.ts"),
  "pg-boss": () => import("./contestants/pg-boss.ts"),
};

/** The contestant that a task names, in this process. */
export async function openContestant(task: Task): Promise<Contestant> {
  const { openContestant: open } = await MODULES[task.contestant]();
  const contestant = await open(task);
  return task.postgres === null ? contestant : { ...contestant, ...serverCost(task.postgres) };
}
