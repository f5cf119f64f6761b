import { microseconds } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { comeToRest } from "../postgres-server.ts";
import { spawnChild } from "../spawn-child.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** `process` by several processes that share the queue. CPU time is that of all of them, and of their server. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const contestant = await openContestant(task);
  await contestant.fill(jobs);
  await comeToRest(task.postgres);
  const members = Array.from({ length: countOf(task, "processes") }, () =>
    spawnChild({ ...task, measure: "crew-member" }),
  );
  await Promise.all(members.map((member) => member.ready));
  const serverBefore = (await contestant.serverCpuMs?.()) ?? 0;
  const startedAt = microseconds();
  for (const member of members) member.signal();
  const figures = await Promise.all(members.map((member) => member.figures));
  const serverMs = ((await contestant.serverCpuMs?.()) ?? 0) - serverBefore;
  const endedAt = Math.max(...figures.map((each) => each["endedAt"] ?? 0));
  const completed = await contestant.completedCount();
  if (completed !== jobs) throw new Error(`${task.contestant} completed ${completed} of ${jobs} jobs`);
  await contestant.close();
  const cpuMs = figures.reduce((sum, each) => sum + (each["cpuMs"] ?? 0), serverMs);
  const shares = figures.map((each) => each["ran"] ?? 0);
  const seconds = (endedAt - startedAt) / 1_000_000;
  return {
    perSecond: jobs / seconds,
    seconds,
    cpuMsPer1000: (cpuMs / jobs) * 1_000,
    smallestSharePercent: (Math.min(...shares) / jobs) * 100,
  };
}
