import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Move } from "../../src/core/settlement.ts";
import type { Claim, Store } from "../../src/core/store.ts";
import { aRequest, claimSome, moves, nextJobId } from "../../src/testing/factory.ts";
import type { VirtualClock } from "../../src/testing/index.ts";
import { idsOf, isFinal, type JobModel, type ModelLease } from "./job-model.ts";

/** The store under test, as one connection or several. */
export interface Real {
  readonly stores: readonly Store[];
  readonly clock: VirtualClock;
}

export type JobCommand = fc.AsyncCommand<JobModel, Real>;
/** As much of the model as decides whether a command makes sense. */
type Known = Pick<JobModel, "jobs" | "leases">;
type Run = (model: JobModel, real: Real) => Promise<void>;

/** After every command each job must be where the model has it. */
function command(shown: string, run: Run, isPossible: (model: Known) => boolean = () => true): JobCommand {
  return {
    check: (model) => isPossible(model),
    async run(model, real) {
      model.now = real.clock.now();
      await run(model, real);
      await compare(model, real);
    },
    toString: () => shown,
  };
}

async function compare(model: JobModel, { stores }: Real): Promise<void> {
  const jobs = await storeAt(stores, model.jobs.length).get(idsOf(model.jobs));
  const found = jobs.map((job) => ({
    id: job?.id,
    state: job?.state,
    attempt: job?.attempt,
    number: job?.number,
    runAt: job === null || job.finishedAt !== null ? null : job.runAt.getTime(),
    startedAt: job?.startedAt?.getTime() ?? null,
    finishedAt: job?.finishedAt?.getTime() ?? null,
  }));
  const wanted = model.jobs.map((job) => ({
    id: job.request.id,
    state: job.state,
    attempt: job.attempt,
    number: job.number,
    runAt: isFinal(job) ? null : job.runAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
  }));
  assert.deepEqual(found, wanted);
}

function storeAt(stores: readonly Store[], index: number): Store {
  const store = stores[index % stores.length];
  assert.ok(store);
  return store;
}

const hasJobs = (model: Known): boolean => model.jobs.length > 0;
const hasLeases = (model: Known): boolean => model.leases.length > 0;

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  assert.ok(item !== undefined);
  return item;
}

/** Recent ones more often than old ones, which are mostly over. */
function pickLease(model: JobModel, index: number): ModelLease {
  return pick(model.leases.toReversed(), index);
}

const at = fc.nat({ max: 7 });
const connection = fc.nat({ max: 1 });
const worker = fc.constantFrom("w-1", "w-2");
const spanMs = fc.constantFrom(0, 1, 100, 999, 1_000, 5_000);

const enqueue = fc
  .record({
    key: fc.option(fc.constantFrom("k-1", "k-2"), { freq: 2 }),
    payload: fc.constantFrom("[1]", "[2]"),
    priority: fc.integer({ min: -1, max: 1 }),
    delayMs: fc.option(spanMs, { freq: 2 }),
    scope: fc.option(fc.constant("other"), { freq: 2 }),
    numbered: fc.option(fc.constant(false), { freq: 1 }),
    maxAttempts: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 2 }),
  })
  .chain((change) => connection.map((on) => ({ change, on })))
  .map(({ change, on }) =>
    command(`enqueue(${JSON.stringify(change)})`, async (model, { stores }) => {
      const request = aRequest({ ...change, id: nextJobId() });
      const wanted = model.enqueue(request);
      const [result] = await storeAt(stores, on).enqueue([request]);
      assert.ok(result !== undefined && "job" in result && result.job !== null);
      assert.deepEqual([result.status, result.job.id], [wanted.status, wanted.job.request.id]);
      assert.equal(result.job.number, wanted.job.number);
    }),
  );

const enqueueAgain = fc.tuple(at, connection).map(([index, on]) =>
  command(
    `enqueue job ${index} again`,
    async (model, { stores }) => {
      const { request } = pick(model.jobs, index);
      const wanted = model.enqueue(request);
      const [result] = await storeAt(stores, on).enqueue([request]);
      assert.equal(result?.status, wanted.status);
    },
    hasJobs,
  ),
);

const retry = at.map((index) =>
  command(
    `make job ${index} again`,
    async (model, { stores }) => {
      const old = pick(model.jobs.filter(isFinal), index);
      const request = aRequest({ ...old.request, id: nextJobId(), retryOf: old.request.id, delayMs: null });
      const wanted = model.enqueue(request);
      const [result] = await storeAt(stores, index).enqueue([request]);
      assert.ok(result !== undefined && "job" in result && result.job !== null);
      assert.deepEqual([result.status, result.job.number], [wanted.status, wanted.job.number]);
    },
    (model) => model.jobs.some(isFinal),
  ),
);

const claim = fc.tuple(fc.integer({ min: 1, max: 3 }), worker, spanMs, connection).map(([max, by, leaseMs, on]) =>
  command(`claim ${max} for ${by}, ${leaseMs} ms`, async (model, { stores }) => {
    const wanted = idsOf(model.nextInLine(max));
    const claims = await claimSome(storeAt(stores, on), max, { worker: by, leaseMs });
    assert.deepEqual(
      claims.map(({ job }) => job.id),
      wanted,
      "the next in line, in order",
    );
    for (const each of claims) take(model, each, by, leaseMs);
  }),
);

const race = fc.integer({ min: 2, max: 4 }).map((racers) =>
  command(`${racers} claims at once`, async (model, { stores }) => {
    const wanted = idsOf(model.nextInLine(racers));
    const names = Array.from({ length: racers }, (_, n) => `w-${(n % 2) + 1}`);
    const won = await Promise.all(
      names.map(async (by, n) => ({
        by,
        claims: await claimSome(storeAt(stores, n), 1, { worker: by, leaseMs: 1_000 }),
      })),
    );
    const claims = won.flatMap(({ by, claims: mine }) => mine.map((each) => ({ by, each })));
    assert.deepEqual(
      claims.map(({ each }) => each.job.id).toSorted(),
      wanted.toSorted(),
      "each once, and all there are",
    );
    for (const { by, each } of claims) take(model, each, by, 1_000);
  }),
);

function take(model: JobModel, { lease }: Claim, by: string, leaseMs: number): void {
  const job = model.jobs.find(({ request }) => request.id === lease.job);
  assert.ok(job);
  assert.ok(lease.token > job.token, `the token grows: ${lease.token} after ${job.token}`);
  model.start(job, lease.token, by, leaseMs);
  assert.equal(lease.attempt, job.attempt);
  assert.equal(lease.expiresAt.getTime(), job.leaseUntil);
}

const anyMove: fc.Arbitrary<readonly [name: string, move: Move]> = fc.oneof(
  fc.constantFrom<[string, Move]>(
    ["complete", moves.complete(1)],
    ["fail", moves.fail()],
    ["cancel", moves.cancel("no")],
    ["release", moves.release()],
  ),
  spanMs.map((delayMs): [string, Move] => [`snooze(${delayMs})`, moves.snooze(delayMs)]),
  spanMs.map((delayMs): [string, Move] => [`retry(${delayMs})`, moves.retry(delayMs)]),
);

const settle = fc.tuple(at, anyMove, connection).map(([index, [name, chosen], on]) =>
  command(
    `settle lease ${index}: ${name}`,
    async (model, { stores }) => {
      const lease = pickLease(model, index);
      const { job, token } = lease;
      // A failed attempt is tried again only while attempts are left; that is core's rule, and not the store's.
      const isSpent = chosen.to === "scheduled" && chosen.ending === "failed" && job.attempt >= job.maxAttempts;
      const move = isSpent ? moves.fail() : chosen;
      const wanted = model.settle(lease, move);
      assert.deepEqual(await storeAt(stores, on).settle([{ job: job.request.id, token, move }]), [wanted]);
    },
    hasLeases,
  ),
);

const heartbeat = fc.tuple(at, spanMs, connection).map(([index, leaseMs, on]) =>
  command(
    `heartbeat of lease ${index}, ${leaseMs} ms`,
    async (model, { stores }) => {
      const lease = pickLease(model, index);
      const ref = { job: lease.job.request.id, token: lease.token };
      const wanted = model.heartbeat(lease, leaseMs);
      assert.deepEqual(await storeAt(stores, on).heartbeat(lease.worker, [ref], leaseMs), [wanted]);
    },
    hasLeases,
  ),
);

const cancel = fc.tuple(at, connection).map(([index, on]) =>
  command(
    `cancel job ${index}`,
    async (model, { stores }) => {
      const job = pick(model.jobs.toReversed(), index);
      const wanted = model.cancel(job);
      const [result] = await storeAt(stores, on).cancel([{ id: job.request.id, by: null, reason: null }]);
      assert.equal(result?.status, wanted);
    },
    hasJobs,
  ),
);

const pass = spanMs.map((ms) =>
  command(`${ms} ms pass`, async (model, { clock }) => {
    clock.advance(ms);
    model.now = clock.now();
  }),
);

const upkeep = fc.tuple(fc.constantFrom("promote", "rescue"), connection).map(([what, on]) =>
  command(what, async (model, { stores }) => {
    const store = storeAt(stores, on);
    const wanted = what === "promote" ? model.promote() : model.rescue();
    const { count } = what === "promote" ? await store.promote(1_000) : await store.rescue(1_000);
    assert.equal(count, wanted);
  }),
);

const removeWorker = fc.tuple(worker, connection).map(([id, on]) =>
  command(`remove ${id}`, async (model, { stores }) => {
    const wanted = model.removeWorker(id);
    assert.equal(await storeAt(stores, on).removeWorker(id), wanted);
  }),
);

/** The frequent ones more than once. */
export const JOB_COMMANDS: readonly fc.Arbitrary<JobCommand>[] = [
  enqueue,
  enqueue,
  enqueue,
  enqueueAgain,
  retry,
  claim,
  claim,
  claim,
  race,
  settle,
  settle,
  settle,
  heartbeat,
  cancel,
  pass,
  pass,
  upkeep,
  upkeep,
  upkeep,
  removeWorker,
];
