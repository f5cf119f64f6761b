import type { JobId } from "../../src/core/job.ts";
import type { LeaseRef } from "../../src/core/lease.ts";
import type { Settlement } from "../../src/core/settlement.ts";
import type { Store } from "../../src/core/store.ts";
import { afterFailure, afterOutcome, afterRelease } from "../../src/core/transition.ts";
import { complete, snooze } from "../../src/core/outcome.ts";
import { aRequest, ORG } from "../../src/testing/factory.ts";
import type { VirtualClock } from "../../src/testing/index.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { recordingStore } from "../../src/verify/history/recording-store.ts";
import { chanceFrom } from "../process/chaos-messages.ts";

const LEASE_MS = 50;
const ACTORS = 5;
/** A broken store may never come to an end. */
const MOST_TRIES = 20;

interface Crew {
  /** Each on a connection of its own. */
  readonly open: () => Promise<Store>;
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
 * added and cancelled, and time passes in jumps. Follows from its seed alone where the store does.
 */
export async function playCrew({ open, clock, seed, rounds }: Crew): Promise<Record> {
  const chance = chanceFrom(seed);
  const below = (most: number): number => Math.floor(chance() * most);
  const entries: Entry[] = [];
  const jobs = new Set<JobId>();
  let moment = 0;
  // Microseconds that never stand still, so that what comes later has a later time.
  const now = (): number => clock.monotonic() * 1_000 + (moment = (moment + 1) % 1_000);
  const actors = await Promise.all(
    Array.from({ length: ACTORS }, async (_, i) => {
      const name = `worker-${i}`;
      const store = recordingStore(await open(), { process: name, now, write: (entry) => entries.push(entry) });
      return new Actor(name, store, below, jobs);
    }),
  );
  for (const actor of actors) await actor.join();
  for (let round = 0; round < rounds; round++) {
    // What is refused has been written down.
    await Promise.allSettled(actors.map((actor) => actor.act()));
    moment = 0;
    clock.advance(1 + below(below(8) === 0 ? LEASE_MS * 2 : 8));
  }
  // Whatever still runs is lost, and runs again, until all have ended.
  for (let left = 1, tries = 0; left > 0 && tries < MOST_TRIES; tries++) {
    clock.advance(LEASE_MS * 3);
    moment = 0;
    left = 0;
    for (const actor of actors) left += await actor.finish().catch(() => 1);
  }
  return { entries, jobs };
}

class Actor {
  readonly #name: string;
  readonly #store: Store;
  readonly #below: (most: number) => number;
  readonly #jobs: Set<JobId>;
  #held: LeaseRef[] = [];
  /** Leases that may be gone: what is said under them comes late. */
  readonly #old: LeaseRef[] = [];

  constructor(name: string, store: Store, below: (most: number) => number, jobs: Set<JobId>) {
    this.#name = name;
    this.#store = store;
    this.#below = below;
    this.#jobs = jobs;
  }

  async join(): Promise<void> {
    const facts = { org: ORG, name: this.#name, host: null, pid: null, queues: null, labels: [] };
    await this.#store.registerWorker({ id: this.#name, ...facts, concurrency: 5, leaseMs: LEASE_MS });
  }

  async act(): Promise<void> {
    const acts = [
      () => this.#enqueue(),
      () => this.#enqueue(),
      () => this.#claim(),
      () => this.#claim(),
      () => this.#settle(this.#held.splice(0, 1 + this.#below(2))),
      () => this.#prolong(),
      () => this.#settle(this.#old.slice(-1)),
      () => this.#prolong(),
      () => this.#report([...this.#held.slice(0, 1), ...this.#old.slice(-1)]),
      () => this.#cancel(),
      () => this.#store.promote(100),
      () => this.#store.rescue(100),
      () => this.#leave(),
    ];
    await acts[this.#below(acts.length)]?.();
  }

  /** Bring to an end what there is. Answers how many jobs it found. */
  async finish(): Promise<number> {
    await this.#store.rescue(1_000);
    await this.#store.promote(1_000);
    const claims = await this.#claimUpTo(1_000);
    const ends = claims.map(({ lease: { job, token } }) => ({ job, token, move: done(job, token) }));
    if (ends.length > 0) await this.#store.settle(ends);
    return ends.length;
  }

  async #enqueue(): Promise<void> {
    const made = Array.from({ length: 1 + this.#below(3) }, () =>
      aRequest({ maxAttempts: 1 + this.#below(3), scope: `scope-${this.#below(2)}` }),
    );
    for (const { id } of made) this.#jobs.add(id);
    await this.#store.enqueue(made);
  }

  async #claim(): Promise<void> {
    const claims = await this.#claimUpTo(1 + this.#below(3));
    this.#held.push(...claims.map(({ lease: { job, token } }) => ({ job, token })));
    // Some of them will be forgotten, and run out.
    if (this.#below(4) === 0) this.#old.push(...this.#held.splice(0, 1));
  }

  #claimUpTo(max: number): ReturnType<Store["claim"]> {
    const request = { org: ORG, worker: this.#name, queues: { order: "turns" } as const, labels: new Set<string>() };
    return this.#store.claim({ ...request, max, leaseMs: LEASE_MS });
  }

  async #settle(leases: readonly LeaseRef[]): Promise<void> {
    if (leases.length === 0) return;
    await this.#store.settle(leases.map(({ job, token }) => this.#end(job, token)));
    // Sometimes it is said again, as after an answer that was lost.
    this.#old.push(...leases);
  }

  #end(job: JobId, token: number): Settlement {
    const attempt = { attempt: token, maxAttempts: 3 };
    const error = { name: "Error", message: "as ordered", permanent: false, attempt: token };
    const moves = [
      done(job, token),
      afterOutcome(attempt, snooze(this.#below(20))),
      afterRelease(),
      afterFailure(attempt, error, () => this.#below(20)),
    ];
    return { job, token, move: moves[this.#below(moves.length)] ?? done(job, token) };
  }

  async #prolong(): Promise<void> {
    await this.#store.heartbeat(this.#name, [...this.#held, ...this.#old.slice(-1)], LEASE_MS);
  }

  async #report(leases: readonly LeaseRef[]): Promise<void> {
    const lines = [{ stream: "log", text: "on it" }] as const;
    await this.#store.report(leases.map((lease) => ({ ...lease, progress: null, lines })));
  }

  async #cancel(): Promise<void> {
    const all = [...this.#jobs];
    const id = all[this.#below(all.length)];
    if (id !== undefined) await this.#store.cancel([{ id, by: this.#name, reason: null }]);
  }

  async #leave(): Promise<void> {
    if (this.#below(5) > 0) return;
    this.#old.push(...this.#held.splice(0));
    await this.#store.removeWorker(this.#name);
    await this.join();
  }
}

function done(job: JobId, token: number): Settlement["move"] {
  return afterOutcome({ attempt: token, maxAttempts: 3 }, complete({ job, token }));
}
