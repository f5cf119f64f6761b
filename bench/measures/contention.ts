import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { microseconds, payloads } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { spawnChild } from "../spawn-child.ts";
import { quantilesMs } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import type { MemberSamples } from "./contention-member.ts";

const LOOK_EVERY_MS = 50;
/** Together they must be fewer than a server allows. */
const CONNECTIONS_EACH = 16;

/**
 * Many workers, in several processes, wait for jobs that come few at a time. Each job must be run once; the others have
 * looked in vain. CPU time is that of the workers and of their server.
 */
export async function measure(given: Task): Promise<Figures> {
  const task: Task = { ...given, connections: CONNECTIONS_EACH };
  const rounds = countOf(task, "rounds");
  const few = countOf(task, "few");
  const jobs = rounds * few;
  const contestant = await openContestant(task);
  const members = Array.from({ length: countOf(task, "processes") }, (_, n) =>
    spawnChild({ ...task, measure: "contention-member", counts: { ...task.counts, member: n } }),
  );
  await Promise.all(members.map((member) => member.ready));
  const serverBefore = (await contestant.serverCpuMs?.()) ?? 0;
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    const waitMs = startedMs + round * countOf(task, "paceMs") - performance.now();
    if (waitMs > 0) await pause(waitMs);
    const at = microseconds();
    await contestant.addMany(payloads(few, round * few).map(({ n }) => ({ n, at })));
  }
  while ((await contestant.completedCount()) < jobs) await pause(LOOK_EVERY_MS);
  const serverMs = ((await contestant.serverCpuMs?.()) ?? 0) - serverBefore;
  for (const member of members) member.signal();
  const figures = await Promise.all(members.map((member) => member.figures));
  await contestant.close();
  const samples = await Promise.all(members.map((_, n) => samplesOf(task, n)));
  const ran = samples.flatMap((each) => each.ran);
  if (ran.length !== jobs || new Set(ran).size !== jobs) {
    throw new Error(`${task.contestant} ran ${ran.length} times ${new Set(ran).size} of ${jobs} jobs`);
  }
  const cpuMs = figures.reduce((sum, each) => sum + (each["cpuMs"] ?? 0), serverMs);
  return { ...quantilesMs(samples.flatMap((each) => each.tookMs)), cpuMsPer1000: (cpuMs / jobs) * 1_000 };
}

async function samplesOf({ folder }: Task, member: number): Promise<MemberSamples> {
  return JSON.parse(await readFile(`${folder}/contention-${member}.json`, "utf8")) as MemberSamples;
}
