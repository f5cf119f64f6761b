import { microseconds, type Contestant } from "./contestants/contestant.ts";
import { quantilesMs } from "./statistics.ts";
import { countOf, type Figures, type Task } from "./task.ts";

/** A worker that notes how long ago each job was asked for. Answers, when it has seen all, what it noted. */
export async function startProbe(task: Task, contestant: Contestant): Promise<() => Promise<Figures>> {
  if (contestant.start === undefined) throw new Error(`${task.contestant} cannot work until it is told to stop`);
  const jobs = countOf(task, "jobs");
  const warmUp = countOf(task, "warmUp");
  const tookMs: number[] = [];
  const all = Promise.withResolvers<void>();
  const worker = await contestant.start({
    concurrency: countOf(task, "concurrency"),
    handler: ({ n, at }) => {
      if (n >= warmUp) tookMs.push((microseconds() - at) / 1_000);
      if (tookMs.length === jobs) all.resolve();
    },
  });
  return async () => {
    await all.promise;
    await worker.stop();
    return quantilesMs(tookMs);
  };
}

/** The other half: enqueue at a pace, the first ones uncounted. A late one is followed by the next at once. */
export async function enqueuePaced(task: Task, contestant: Contestant): Promise<void> {
  const times = countOf(task, "warmUp") + countOf(task, "jobs");
  const paceMs = countOf(task, "paceMs");
  const startedMs = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let n = 0; n < times; n++) {
    const waitMs = startedMs + n * paceMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    answers.push(contestant.add({ n, at: microseconds() }));
  }
  await Promise.all(answers);
}
