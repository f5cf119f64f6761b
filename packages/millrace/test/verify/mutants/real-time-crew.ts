import process from "node:process";
import { setTimeout as passed } from "node:timers/promises";
import type { JobId } from "../../../src/core/job.ts";
import { complete } from "../../../src/core/outcome.ts";
import type { Store } from "../../../src/core/store.ts";
import { afterOutcome } from "../../../src/core/transition.ts";
import { aRequest, ORG } from "../../../src/testing/factory.ts";
import type { Entry, FaultEntry } from "../../../src/verify/history/entry.ts";
import { recordingStore } from "../../../src/verify/history/recording-store.ts";

const LEASE_MS = 60_000;
const PAUSE_MS = 25;
/** A timer that is later than this had no time, and neither had the others. */
const LATE_MS = 100;

/** Microseconds, as in the history of a crew of processes. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n);

/** What happened, for who checks it. */
interface RealTimeRecord {
  readonly entries: readonly Entry[];
  readonly jobs: ReadonlySet<JobId>;
}

/** Answers what is to be written down of it, if anything. */
export type Strike = () => Promise<Pick<FaultEntry, "fault" | "target"> | null>;

/**
 * Three workers that add, claim and complete jobs while real time passes, and go on whatever they are answered.
 * @param trouble what is done meanwhile; they work on for some time after it
 */
export async function playInRealTime(
  open: () => Promise<Store>,
  trouble: Strike,
  workOnMs: number,
): Promise<RealTimeRecord> {
  const entries: Entry[] = [];
  const jobs = new Set<JobId>();
  const write = (entry: Entry): void => void entries.push(entry);
  const opened: Store[] = [];
  const stop = new AbortController();
  const workers = ["worker-1", "worker-2", "worker-3"].map(async (name) => {
    const store = await open();
    opened.push(store);
    const facts = { org: ORG, name, host: null, pid: null, queues: null, labels: [] };
    await store.registerWorker({ id: name, ...facts, concurrency: 5, leaseMs: LEASE_MS });
    await work(recordingStore(store, { process: name, now, write }), name, jobs, stop.signal);
  });
  const stalls = watchStalls(write, stop.signal);
  await passed(10 * PAUSE_MS);
  const at = now();
  const struck = await trouble();
  if (struck !== null) write({ type: "fault", at, until: now(), ...struck });
  await passed(workOnMs);
  stop.abort();
  await Promise.all([...workers, stalls]);
  for (const store of opened) await store.close();
  return { entries, jobs };
}

async function work(store: Store, worker: string, jobs: Set<JobId>, stop: AbortSignal): Promise<void> {
  const queues = { order: "turns" } as const;
  while (!stop.aborted) {
    // What is refused has been written down.
    try {
      const request = aRequest({ scope: "numbers" });
      jobs.add(request.id);
      await store.enqueue([request]);
      const claims = await store.claim({ org: ORG, worker, queues, labels: new Set(), max: 2, leaseMs: LEASE_MS });
      const ends = claims.map(({ lease: { job, token } }) => ({
        job,
        token,
        move: afterOutcome({ attempt: token, maxAttempts: 3 }, complete(null)),
      }));
      if (ends.length > 0) await store.settle(ends);
    } catch {
      // It asks again.
    }
    await passed(PAUSE_MS);
  }
}

/** Writes down when this process had no time. */
async function watchStalls(write: (entry: Entry) => void, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const at = now();
    await passed(PAUSE_MS);
    if (now() - at < (PAUSE_MS + LATE_MS) * 1_000) continue;
    for (const name of ["worker-1", "worker-2", "worker-3"]) {
      write({ type: "stall", process: name, at, until: now() });
    }
  }
}
