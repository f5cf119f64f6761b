import { openStore } from "../../packages/millrace/src/open-store.ts";
import { storeOf } from "../contestants/millrace.ts";
import { comeToRest } from "../postgres-server.ts";
import { spawnChild } from "../spawn-child.ts";
import { quantilesMs } from "../statistics.ts";
import { timed } from "../stopwatch.ts";
import { countOf, type Figures, type Task } from "../task.ts";

const WORKER = { id: "worker_bench", org: "default", name: "bench", host: null, pid: null };
const LEASE_MS = 600_000;
const WARM_UP = 20;

/** One claim, the commit included, while `queued` jobs wait. */
export async function measure(task: Task): Promise<Figures> {
  await spawnChild({ ...task, measure: "fill" }).figures;
  await comeToRest(task.postgres);
  const claims = countOf(task, "claims");
  const max = countOf(task, "perClaim");
  const store = await openStore(storeOf(task));
  await store.registerWorker({ ...WORKER, queues: null, labels: [], concurrency: max, leaseMs: LEASE_MS });
  const request = {
    org: WORKER.org,
    worker: WORKER.id,
    queues: { order: "turns" as const },
    labels: new Set<string>(),
    leaseMs: LEASE_MS,
    max,
  };
  for (let i = 0; i < WARM_UP; i++) await store.claim(request);
  const tookMs: number[] = [];
  const figures = await timed(claims * max, async () => {
    for (let i = 0; i < claims; i++) {
      const startedMs = performance.now();
      const { length } = await store.claim(request);
      tookMs.push(performance.now() - startedMs);
      if (length !== max) throw new Error(`a claim brought ${length} of ${max} jobs`);
    }
  });
  await store.close();
  return { ...figures, ...quantilesMs(tookMs) };
}
