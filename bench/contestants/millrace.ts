import { join } from "node:path";
import { openMillrace, type EnqueueItem, type Millrace } from "millrace";
import { payloads, type Contestant, type Payload, type Place, type WorkOptions } from "./contestant.ts";

const KIND = "bench";
const FILL_BATCH = 5_000;
/** Tried out: more gains nothing any more. */
export const PREFETCH = 1_000;

export function storeOf(place: Place): string {
  return place.postgres?.url ?? `sqlite:${join(place.folder, "millrace.db")}`;
}

/** Millrace on a SQLite file or a PostgreSQL database: numbering on, every commit flushed to disk. */
export async function openContestant(place: Place): Promise<Contestant> {
  const mill = await openMillrace(storeOf(place));
  return {
    fill: (count, priorities) => fill(mill, count, priorities),
    add: (payload) => mill.enqueue(KIND, payload),
    addMany: (all) => mill.enqueueMany(all.map((payload) => ({ kind: KIND, payload }))),
    drain: async (_total, options) => {
      const worker = await start(mill, options);
      await worker.drain();
      await worker.stop();
    },
    start: (options) => start(mill, options),
    completedCount: async () => (await mill.counts()).completed,
    close: () => mill.close(),
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

async function start(mill: Millrace, { concurrency, handler }: WorkOptions): Promise<ReturnType<Millrace["worker"]>> {
  const worker = mill.worker({ concurrency, prefetch: PREFETCH });
  worker.handle<Payload>(KIND, (job) => handler(job.payload));
  await worker.start();
  return worker;
}
