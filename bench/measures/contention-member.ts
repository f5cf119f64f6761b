import { writeFile } from "node:fs/promises";
import { microseconds, type Handler } from "../contestants/contestant.ts";
import { openContestant } from "../open-contestant.ts";
import { nextSignal } from "../signals.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** What a member leaves in a file of the folder: the jobs that it ran, and how long after they were asked for. */
export interface MemberSamples {
  readonly ran: readonly number[];
  readonly tookMs: readonly number[];
}

/** One of the processes of `contention`: `workers` workers with a slot each, until told to stop. */
export async function measure(task: Task): Promise<Figures> {
  const contestant = await openContestant(task);
  if (contestant.start === undefined) throw new Error(`${task.contestant} cannot work until it is told to stop`);
  const ran: number[] = [];
  const tookMs: number[] = [];
  const handler: Handler = ({ n, at }) => {
    ran.push(n);
    tookMs.push((microseconds() - at) / 1_000);
  };
  const workers: { stop(): Promise<void> }[] = [];
  for (let i = 0; i < countOf(task, "workers"); i++) {
    workers.push(await contestant.start({ concurrency: countOf(task, "slots"), handler }));
  }
  const stop = nextSignal();
  process.send?.({ isReady: true });
  const before = process.cpuUsage();
  await stop;
  const { user, system } = process.cpuUsage(before);
  await Promise.all(workers.map((worker) => worker.stop()));
  await contestant.close();
  const samples: MemberSamples = { ran, tookMs };
  await writeFile(`${task.folder}/contention-${countOf(task, "member")}.json`, JSON.stringify(samples));
  return { cpuMs: (user + system) / 1_000 };
}
