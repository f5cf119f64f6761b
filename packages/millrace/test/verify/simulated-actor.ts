import type { JobId } from "../../src/core/job.ts";
import type { LeaseRef } from "../../src/core/lease.ts";
import { complete, snooze } from "../../src/core/outcome.ts";
import type { Settlement } from "../../src/core/settlement.ts";
import type { EnqueueRequest, Store } from "../../src/core/store.ts";
import { afterFailure, afterOutcome, afterRelease } from "../../src/core/transition.ts";
import { aRequest, nextJobId, ORG, QUEUE } from "../../src/testing/factory.ts";
import type { ProvidedStore } from "../../src/testing/index.ts";
import { laneOf, type AttemptEnd, type EnqueuedJob, type Entry } from "../../src/verify/history/entry.ts";
import { recordingStore } from "../../src/verify/history/recording-store.ts";

export const LEASE_MS = 50;
export const SCHEDULED_EVERY_MS = 300;
/** A queue whose jobs are deleted soon after they have ended. */
export const BRIEF = "brief";
/** Its numbers are taken by others, too. */
const SHARED_SCOPE = "shared";
const LABEL = "gpu";

/** Where actors play. */
export interface Stage {
  readonly below: (most: number) => number;
  readonly now: () => number;
  readonly write: (entry: Entry) => void;
  /** All jobs that anybody asked for. */
  readonly jobs: Set<JobId>;
  readonly transaction: ProvidedStore["transaction"] | undefined;
}

/** What a transaction ends with that is rolled back. */
class Undone extends Error {}

/** One of the crew: does one thing after the other, by chance alone. */
export class Actor {
  readonly #name: string;
  readonly #plain: Store;
  readonly #store: Store;
  readonly #stage: Stage;
  readonly #below: Stage["below"];
  #held: LeaseRef[] = [];
  /** Leases that may be gone: what is said under them comes late. */
  readonly #old: LeaseRef[] = [];
  #transactions = 0;

  constructor(name: string, store: Store, stage: Stage) {
    this.#name = name;
    this.#plain = store;
    this.#stage = stage;
    this.#below = stage.below;
    this.#store = recordingStore(store, { process: name, now: stage.now, write: stage.write });
  }

  async join(): Promise<void> {
    const facts = { org: ORG, name: this.#name, host: null, pid: null, queues: null, labels: [] };
    await this.#store.registerWorker({ id: this.#name, ...facts, concurrency: 5, leaseMs: LEASE_MS });
  }

  prepare(work: (store: Store) => Promise<void>): Promise<void> {
    return work(this.#store);
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
      () => this.#transact(),
      () => this.#look(),
      () => this.#take(),
    ];
    await acts[this.#below(acts.length)]?.();
  }

  /** Bring to an end what there is. Answers how many jobs it found. */
  async finish(): Promise<number> {
    await this.#store.rescue(1_000);
    await this.#store.promote(1_000);
    const claims = await this.#claimUpTo(1_000, [LABEL]);
    const ends = claims.map(({ lease: { job, token } }) => ({ job, token, move: done(job, token) }));
    if (ends.length > 0) await this.#store.settle(ends);
    return ends.length;
  }

  async #enqueue(): Promise<void> {
    const made = Array.from({ length: 1 + this.#below(3) }, () => this.#request());
    const under = this.#below(8) === 0 ? (this.#held[0] ?? this.#old.at(-1)) : undefined;
    const isAllOrNone = this.#below(8) === 0;
    await this.#store.enqueue(made, { ...(under === undefined ? {} : { under }), isAllOrNone });
  }

  #request(): EnqueueRequest {
    const isRare = (): boolean => this.#below(8) === 0;
    const request = aRequest({
      maxAttempts: 1 + this.#below(3),
      scope: isRare() ? SHARED_SCOPE : `scope-${this.#below(2)}`,
      queue: isRare() ? BRIEF : QUEUE,
      priority: isRare() ? 5 : 0,
      fairKey: isRare() ? `customer-${this.#below(2)}` : null,
      requires: isRare() ? [LABEL] : [],
      delayMs: isRare() ? this.#below(40) : null,
      numbered: isRare() ? false : null,
      ...(isRare() ? { key: `key-${this.#below(2)}`, payload: String(this.#below(2)) } : {}),
    });
    this.#stage.jobs.add(request.id);
    return request;
  }

  async #claim(): Promise<void> {
    const claims = await this.#claimUpTo(1 + this.#below(3), this.#below(2) === 0 ? [LABEL] : []);
    this.#held.push(...claims.map(({ lease: { job, token } }) => ({ job, token })));
    // Some of them will be forgotten, and run out.
    if (this.#below(4) === 0) this.#old.push(...this.#held.splice(0, 1));
  }

  #claimUpTo(max: number, labels: readonly string[]): ReturnType<Store["claim"]> {
    const request = { org: ORG, worker: this.#name, queues: { order: "turns" } as const, labels: new Set(labels) };
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
    const all = [...this.#stage.jobs];
    const id = all[this.#below(all.length)];
    if (id !== undefined) await this.#store.cancel([{ id, by: this.#name, reason: null }]);
  }

  async #leave(): Promise<void> {
    if (this.#below(5) > 0) return;
    this.#old.push(...this.#held.splice(0));
    await this.#store.removeWorker(this.#name);
    await this.join();
  }

  async #take(): Promise<void> {
    if (this.#below(4) > 0) {
      await this.#store.number(ORG, SHARED_SCOPE, 1 + this.#below(3));
      return;
    }
    await this.#store.adoptNumbers(ORG, SHARED_SCOPE, this.#below(60));
  }

  /** After what is old, and what is due. */
  async #look(): Promise<void> {
    if (this.#below(2) === 0) {
      await this.#store.prune(100);
      return;
    }
    await this.#store.fireSchedules(({ request, nextAt }) => {
      const id = nextJobId();
      this.#stage.jobs.add(id);
      return { request: { ...request, id }, nextAt: new Date((nextAt?.getTime() ?? 0) + SCHEDULED_EVERY_MS) };
    });
  }

  /** Add jobs, end one and take numbers in a transaction of a caller's own, and commit it, or not. */
  async #transact(): Promise<void> {
    const { transaction, write, now } = this.#stage;
    if (transaction === undefined) return;
    const isUndone = this.#below(2) === 0;
    const made = Array.from({ length: 1 + this.#below(2) }, () => this.#request());
    const leases = this.#held.splice(0, this.#below(2));
    const count = this.#below(3);
    const told = { process: `${this.#name} itself`, call: this.#transactions++ };
    let isAsked = false;
    const end = (answer: (Entry & { readonly type: "answer" })["answer"]): void =>
      write({ type: "answer", ...told, at: now(), answer });
    try {
      await transaction(async (tx) => {
        const within = this.#plain.within(tx);
        const results = await within.enqueue(made);
        const statuses = leases.length === 0 ? [] : await within.settle(leases.map(ended));
        const first = count === 0 ? 0 : await within.number(ORG, SHARED_SCOPE, count);
        const operation = {
          name: "transact",
          jobs: made.filter((_, i) => results[i]?.status === "created").map(asEnqueued),
          ends: leases
            .filter((_, i) => statuses[i] === "settled")
            .map((lease): AttemptEnd => ({ ...lease, to: "completed" })),
          ...(count === 0 ? {} : { numbers: [{ scope: SHARED_SCOPE, first, count }] }),
          to: isUndone ? "rollback" : "commit",
        } as const;
        write({ type: "call", ...told, at: now(), operation });
        isAsked = true;
        if (isUndone) throw new Undone();
      });
      end({ name: "transact" });
    } catch (error) {
      if (error instanceof Undone) end({ name: "transact" });
      else if (isAsked) end({ name: "error", code: "store_unavailable", isOutage: true });
    }
    this.#old.push(...leases);
  }
}

function ended({ job, token }: LeaseRef): Settlement {
  return { job, token, move: done(job, token) };
}

function done(job: JobId, token: number): Settlement["move"] {
  return afterOutcome({ attempt: token, maxAttempts: 3 }, complete({ job, token }));
}

function asEnqueued({
  id,
  scope,
  queue,
  requires,
  fairKey,
  priority,
  key,
  kind,
  numbered,
}: EnqueueRequest): EnqueuedJob {
  const lane = laneOf(queue, requires, fairKey);
  return { id, scope: scope ?? queue, queue, numbered, lane, priority, key: key === null ? null : `${kind} ${key}` };
}
