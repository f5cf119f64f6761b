import { join } from "node:path";
import { openMillrace, type EnqueueItem, type Millrace } from "millrace";
import { payloads, type Contestant, type Payload, type Place, type WorkOptions } from "./contestant.ts";
import { callerOnFile, callerOnPostgres } from "./millrace-caller.ts";

const KIND = "bench";
const FILL_BATCH = 5_000;
/** Tried out: more gains nothing any more. */
export const PREFETCH = 1_000;
const SHORT_LEASE_MS = 5_000;

export function storeOf(place: Place): string {
  return place.postgres?.url ?? `sqlite:${fileOf(place)}`;
}

function fileOf({ folder }: Place): string {
  return join(folder, "millrace.db");
}

/**
 * Millrace on a SQLite file or a PostgreSQL database: numbering on, every commit flushed to disk. `variant`: "short leases"
 * are of 5 s, otherwise they are as they come.
 */
export async function openContestant(place: Place): Promise<Contestant> {
  const mill = await openMillrace(storeOf(place));
  const caller =
    place.postgres === null ? callerOnFile(mill, KIND, fileOf(place)) : callerOnPostgres(mill, KIND, place);
  const start = (options: WorkOptions): Promise<Worker> => startWorker(mill, options, place.variant);
  return {
    fill: (count, priorities) => fill(mill, count, priorities),
    add: (payload) => mill.enqueue(KIND, payload),
    addMany: (all) => mill.enqueueMany(all.map((payload) => ({ kind: KIND, payload }))),
    addWithin: caller.addWithin,
    drain: async (_total, options) => {
      const worker = await start(options);
      await worker.drain();
      await worker.stop();
    },
    start,
    completedCount: async () => (await mill.counts()).completed,
    close: async () => {
      await caller.close();
      await mill.close();
    },
  };
}

async function fill(mill: Millrace, count: number, priorities = 1): Promise<void> {
  for (let from = 0; from < count; from += FILL_BATCH) {
    const batch = payloads(Math.min(FILL_BATCH, count - from), from);
    await mill.enqueueMany(batch.map((payload) => itemOf(payload, priorities)));
  }
}

function itemOf(payload: Payload, priorities: number): EnqueueItem {
  if (priorities === 1) return { kind: KIND, payload };
  return { kind: KIND, payload, options: { priority: payload.n % priorities } };
}

type Worker = ReturnType<Millrace["worker"]>;

async function startWorker(mill: Millrace, options: WorkOptions, variant: string): Promise<Worker> {
  const { concurrency, handler } = options;
  const leases = variant === "short leases" ? { leaseMs: SHORT_LEASE_MS } : {};
  const worker = mill.worker({ concurrency, prefetch: PREFETCH, ...leases });
  worker.handle<Payload>(KIND, (job) => handler(job.payload));
  await worker.start();
  return worker;
}
