import type { JobId } from "../../../src/core/job.ts";
import type { LeaseRef } from "../../../src/core/lease.ts";
import { complete } from "../../../src/core/outcome.ts";
import type { Store } from "../../../src/core/store.ts";
import { afterOutcome } from "../../../src/core/transition.ts";
import { aRequest, ORG, QUEUE } from "../../../src/testing/factory.ts";
import { chanceFrom } from "../../../src/core/chance.ts";
import type { Entry } from "../../../src/verify/history/entry.ts";
import { recordingStore } from "../../../src/verify/history/recording-store.ts";
import type { playCrew } from "../simulated-crew.ts";

const LEASE_MS = 100;
const STEP_MS = 40;
/** Long enough for some to be completed after their cancel, and short enough for the others to be over it. */
const GRACE_MS = 200;
/** So many steps after the last cancel its grace and a second are over. */
const STEPS_AFTER = 40;

/**
 * A worker that hears of no cancel: it keeps its leases by heartbeats, completes what it is done with, and holds the rest
 * for good. Beside it somebody cancels, and looks after what is overdue. In its parameters and answer like `playCrew`.
 */
export const playDeafCrew: typeof playCrew = async ({ open, clock, seed, rounds }) => {
  const chance = chanceFrom(seed);
  const entries: Entry[] = [];
  const jobs = new Set<JobId>();
  let moment = 0;
  const now = (): number => clock.monotonic() * 1_000 + (moment = (moment + 1) % 1_000);
  const record = async (process: string): Promise<Store> =>
    recordingStore(await open(), { process, now, write: (entry) => entries.push(entry) });
  const [worker, owner] = [await record("deaf worker"), await record("owner")];
  const facts = { org: ORG, name: "deaf", host: null, pid: null, queues: null, labels: [] };
  await worker.registerWorker({ id: "deaf", ...facts, concurrency: 100, leaseMs: LEASE_MS });
  await owner.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
  let held: LeaseRef[] = [];

  for (let round = 0; round < rounds + STEPS_AFTER; round++) {
    moment = 0;
    // What is refused has been written down.
    const isOver = round >= rounds;
    await Promise.allSettled([isOver ? undefined : add(), hold()]);
    if (!isOver) await Promise.allSettled([cancelSome(), completeSome()]);
    await Promise.allSettled([owner.rescue(100)]);
    clock.advance(STEP_MS);
  }
  return { entries, jobs };

  async function add(): Promise<void> {
    const made = aRequest({ scope: "numbers" });
    jobs.add(made.id);
    await owner.enqueue([made]);
  }

  async function hold(): Promise<void> {
    const queues = { order: "turns" } as const;
    const request = { org: ORG, worker: "deaf", queues, labels: new Set<string>(), max: 2, leaseMs: LEASE_MS };
    const statuses = held.length === 0 ? [] : await worker.heartbeat("deaf", held, LEASE_MS);
    held = held.filter((_, i) => statuses[i] !== "lost");
    const claims = await worker.claim(request);
    held.push(...claims.map(({ lease: { job, token } }) => ({ job, token })));
  }

  async function cancelSome(): Promise<void> {
    const some = held[Math.floor(chance() * held.length)];
    if (some !== undefined) await owner.cancel([{ id: some.job, by: "owner", reason: null }]);
  }

  async function completeSome(): Promise<void> {
    const done = held.filter(() => chance() < 0.3);
    if (done.length === 0) return;
    held = held.filter((lease) => !done.includes(lease));
    const move = afterOutcome({ attempt: 1, maxAttempts: 3 }, complete(null));
    await worker.settle(done.map((lease) => ({ ...lease, move })));
  }
};
