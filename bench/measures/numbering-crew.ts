import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnChild } from "../spawn-child.ts";
import { quantilesMs } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** `numbering` in several processes on one file at once, the writers shared out among them. */
export async function measure(task: Task): Promise<Figures> {
  const processes = countOf(task, "processes");
  const jobs = countOf(task, "jobs");
  const share = (count: number): number => Math.ceil(count / processes);
  const counts = { ...task.counts, jobs: share(jobs), writers: share(countOf(task, "writers")), member: 1 };
  const members = Array.from({ length: processes }, () => spawnChild({ ...task, measure: "numbering", counts }));
  await Promise.all(members.map((member) => member.ready));
  const startedMs = performance.now();
  for (const member of members) member.signal();
  const figures = await Promise.all(members.map((member) => member.figures));
  const seconds = (performance.now() - startedMs) / 1_000;
  const cpuMsPer1000 = figures.reduce((sum, each) => sum + (each["cpuMsPer1000"] ?? 0), 0) / processes;
  return { perSecond: jobs / seconds, seconds, cpuMsPer1000, ...quantilesMs(await samplesIn(task.folder)) };
}

async function samplesIn(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith("samples-"));
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return files.flatMap((text) => JSON.parse(text) as number[]);
}
