import type { JobId } from "../../src/core/job.ts";
import type { Store } from "../../src/core/store.ts";
import type { ProvidedStore, VirtualClock } from "../../src/testing/index.ts";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { Actor, BRIEF, LEASE_MS, SCHEDULED_EVERY_MS, type Stage } from "./simulated-actor.ts";
import { aRequest, ORG, QUEUE } from "../../src/testing/factory.ts";

const ACTORS = 5;
/** A broken store may never come to an end. */
const MOST_TRIES = 20;
const GRACE_MS = 40;
const RETENTION_MS = 100;

interface Crew {
  /** Each on a connection of its own. */
  readonly open: () => Promise<Store>;
  readonly transaction?: ProvidedStore["transaction"] | undefined;
  readonly clock: VirtualClock;
  readonly seed: number;
  /** So many times everybody does something. */
  readonly rounds: number;
}

/** What happened, for who checks it. */
interface Record {
  readonly entries: readonly Entry[];
  readonly jobs: ReadonlySet<JobId>;
}

/**
 * Workers that claim, prolong, report, settle in every way, come too late, hand back and leave; beside them jobs are
 * added in every way, in transactions too, and cancelled, numbers are taken, old jobs are deleted, and time passes in
 * jumps. Follows from its seed alone where the store does.
 */
export async function playCrew({ open, transaction, clock, seed, rounds }: Crew): Promise<Record> {
  const chance = chanceFrom(seed);
  const below = (most: number): number => Math.floor(chance() * most);
  const entries: Entry[] = [];
  const jobs = new Set<JobId>();
  let moment = 0;
  // Microseconds that never stand still, so that what comes later has a later time.
  const now = (): number => clock.monotonic() * 1_000 + (moment = (moment + 1) % 1_000);
  const write = (entry: Entry): void => void entries.push(entry);
  const stage: Stage = { below, now, write, jobs, transaction: transaction && oneByOne(transaction) };
  const actors = await Promise.all(
    Array.from({ length: ACTORS }, async (_, i) => new Actor(`worker-${i}`, await open(), stage)),
  );
  for (const actor of actors) await actor.join();
  await actors[0]?.prepare(async (store) => {
    await store.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
    const retention = { completedMs: RETENTION_MS, failedMs: RETENTION_MS, cancelledMs: RETENTION_MS };
    await store.configureQueue(ORG, BRIEF, { settings: { cancelGraceMs: GRACE_MS, retention } });
    const { id: _, ...request } = aRequest({ queue: BRIEF });
    const nextAt = new Date(clock.now() + SCHEDULED_EVERY_MS);
    const named = { org: ORG, name: "often", cron: "* * * * * *", timeZone: "UTC", kind: request.kind, payload: null };
    await store.putSchedule({ ...named, nextAt, request });
  });
  for (let round = 0; round < rounds; round++) {
    // What is refused has been written down.
    await Promise.allSettled(actors.map((actor) => actor.act()));
    moment = 0;
    clock.advance(1 + below(below(8) === 0 ? LEASE_MS * 2 : 8));
  }
  await actors[0]?.prepare(async (store) => void (await store.removeSchedule(ORG, "often")));
  // Whatever still runs is lost, and runs again, until all have ended.
  for (let left = 1, tries = 0; left > 0 && tries < MOST_TRIES; tries++) {
    clock.advance(LEASE_MS * 3);
    moment = 0;
    left = 0;
    for (const actor of actors) left += await actor.finish().catch(() => 1);
  }
  return { entries, jobs };
}

/** A caller has one connection, and so one transaction at a time. */
function oneByOne(transaction: NonNullable<ProvidedStore["transaction"]>): NonNullable<ProvidedStore["transaction"]> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(() => transaction(work));
    last = mine.catch(() => undefined);
    return mine;
  };
}
