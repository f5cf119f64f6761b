import { openMillrace } from "millrace";
import { PREFETCH, storeOf } from "../contestants/millrace.ts";
import { spawnChild } from "../spawn-child.ts";
import { median } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";

const SAMPLE_EVERY_MS = 20;
const MB = 1_048_576;

/**
 * The memory and the rate of a process that works while `queued` jobs wait, and keep waiting: every job enqueues the one that takes
 * its place. Another process has filled the queue.
 */
export async function measure(task: Task): Promise<Figures> {
  await spawnChild({ ...task, measure: "fill" }).figures;
  const jobs = countOf(task, "jobs");
  const mill = await openMillrace(storeOf(task));
  const all = Promise.withResolvers<void>();
  let left = jobs;
  const worker = mill.worker({ concurrency: 100, prefetch: PREFETCH });
  worker.handle("bench", async ({ payload }) => {
    await mill.enqueue("bench", payload);
    left -= 1;
    if (left === 0) all.resolve();
  });
  const rss: number[] = [];
  const heap: number[] = [];
  const sampling = setInterval(() => {
    const { rss: resident, heapUsed } = process.memoryUsage();
    rss.push(resident / MB);
    heap.push(heapUsed / MB);
  }, SAMPLE_EVERY_MS);
  const startedMs = performance.now();
  await worker.start();
  await all.promise;
  const seconds = (performance.now() - startedMs) / 1_000;
  clearInterval(sampling);
  await worker.stop({ force: true });
  await mill.close();
  // The first half is spent on growing to the size that it keeps.
  const settled = rss.slice(Math.floor(rss.length / 2));
  return { perSecond: jobs / seconds, rssMb: median(settled), peakRssMb: Math.max(...rss), heapMb: median(heap) };
}
