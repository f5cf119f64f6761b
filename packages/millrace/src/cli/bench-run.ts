import { randomUUID } from "node:crypto";
import type { EnqueueOptions, Millrace, Retention } from "../index.ts";
import type { ProgressBar } from "./progress-bar.ts";

export interface Measurement {
  readonly name: string;
  readonly jobs: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export interface Latency {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface BenchReport {
  readonly measurements: readonly Measurement[];
  /** From the call of enqueue to the start of the handler, on an idle worker. */
  readonly latency: Latency;
}

interface BenchSize {
  readonly jobs: number;
  readonly concurrency: number;
}

export const BENCH_QUEUE = "millrace.bench";
const KIND = "millrace.bench";
const BATCH = 1_000;
const CALLERS = 100;
const SAMPLES = 200;
const HOUR_MS = 3_600_000;

/** Fill the queue of the bench in three ways, run what is in it, and clean up. */
export async function runBench(mill: Millrace, size: BenchSize, progress: ProgressBar): Promise<BenchReport> {
  const queue = mill.queue(BENCH_QUEUE);
  // What an interrupted run has left would be run, and counted, with ours.
  await cancelRest(mill);
  await queue.resume();
  try {
    // Nothing is deleted while it is measured.
    await queue.configure({ retention: keepFor(HOUR_MS) });
    return await measureAll(mill, size, progress);
  } finally {
    await cancelRest(mill);
    await queue.configure({ retention: keepFor(0) });
    await mill.prune();
  }
}

function keepFor(ms: number): Retention {
  return { completedMs: ms, failedMs: ms, cancelledMs: ms };
}

async function measureAll(mill: Millrace, size: BenchSize, progress: ProgressBar): Promise<BenchReport> {
  const singles = Math.min(500, Math.ceil(size.jobs / 10));
  const parallel = Math.min(10_000, Math.ceil(size.jobs / 4));
  const batched = Math.max(0, size.jobs - singles - parallel);
  // A label that only this process has: a worker of somebody else, who knows no such kind, must not take part.
  const label = `bench=${randomUUID()}`;
  const options: EnqueueOptions = { queue: BENCH_QUEUE, requires: [label] };
  const bench: Bench = { mill, label, options };
  const measurements = [
    await measure("enqueue, one at a time", singles, progress, async (tick) => addInTurn(bench, singles, 1, tick)),
    await measure(`enqueue, ${CALLERS} at a time`, parallel, progress, async (tick) =>
      addInTurn(bench, parallel, CALLERS, tick),
    ),
    await measure(`enqueueMany, ${BATCH} a call`, batched, progress, async (tick) => addBatches(bench, batched, tick)),
    await measure(`run, ${size.concurrency} at once`, size.jobs, progress, async (tick) => runAll(bench, size, tick)),
  ];
  return { measurements: measurements.filter(({ jobs }) => jobs > 0), latency: await measureLatency(bench, progress) };
}

interface Bench {
  readonly mill: Millrace;
  readonly label: string;
  readonly options: EnqueueOptions;
}

type Tick = (count: number) => void;

async function measure(
  name: string,
  jobs: number,
  progress: ProgressBar,
  work: (tick: Tick) => Promise<void>,
): Promise<Measurement> {
  let done = 0;
  const startedMs = performance.now();
  await work((count) => {
    done += count;
    progress.update(done, jobs, name);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  return { name, jobs, seconds, perSecond: jobs / seconds };
}

/** Each of the callers waits for its answer before it asks again. */
async function addInTurn({ mill, options }: Bench, count: number, callers: number, tick: Tick): Promise<void> {
  let asked = 0;
  const call = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      await mill.enqueue(KIND, { n: asked }, options);
      tick(1);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
}

async function addBatches({ mill, options }: Bench, count: number, tick: Tick): Promise<void> {
  for (let left = count; left > 0; left -= BATCH) {
    const items = Array.from({ length: Math.min(BATCH, left) }, (_, n) => ({
      kind: KIND,
      payload: { n },
      options,
    }));
    await mill.enqueueMany(items);
    tick(items.length);
  }
}

async function runAll({ mill, label }: Bench, { jobs, concurrency }: BenchSize, tick: Tick): Promise<void> {
  const worker = mill.worker({ queues: [BENCH_QUEUE], labels: [label], concurrency, prefetch: concurrency });
  const all = Promise.withResolvers<void>();
  let left = jobs;
  worker.handle(KIND, () => {
    tick(1);
    left -= 1;
    if (left === 0) all.resolve();
  });
  await worker.start();
  await all.promise;
  // The last outcomes are not on disk before this.
  await worker.stop();
}

async function measureLatency({ mill, label, options }: Bench, progress: ProgressBar): Promise<Latency> {
  let started: (() => void) | undefined;
  const worker = mill.worker({ queues: [BENCH_QUEUE], labels: [label], concurrency: 1 });
  worker.handle(KIND, () => started?.());
  await worker.start();
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const startedMs = performance.now();
    const isStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const job = await mill.enqueue(KIND, null, options);
    await isStarted;
    samples.push(performance.now() - startedMs);
    // The next one finds the worker idle again.
    await mill.wait(job.id);
    progress.update(i + 1, SAMPLES, "latency");
  }
  await worker.stop();
  samples.sort((a, b) => a - b);
  const at = (share: number): number => samples[Math.min(samples.length - 1, Math.floor(share * samples.length))] ?? 0;
  return { samples: samples.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

/** Cancel what is left in the queue of the bench. */
async function cancelRest(mill: Millrace): Promise<void> {
  for (;;) {
    const { jobs } = await mill.list({ queue: BENCH_QUEUE, state: ["queued", "scheduled"] }, { limit: BATCH });
    if (jobs.length === 0) return;
    await Promise.all(jobs.map(async ({ id }) => mill.cancel(id, { reason: "bench ended" })));
  }
}
