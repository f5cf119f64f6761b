import assert from "node:assert/strict";
import type { Claim, Store } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  nextJobId,
  ORG,
  refOf,
  requests,
} from "../factory.ts";
import { casesOf, type ConformanceBench } from "../harness.ts";

/** Longer than any call reads its clock; a call that never gets through is a failure. */
const MOST_READINGS = 100;

export const faultCases = casesOf("faults", [
  {
    name: "an enqueue that fails at any moment leaves nothing behind, and burns no number",
    guarantees: ["G3", "G4"],
    async run(bench) {
      const list = [aRequest({ key: "k" }), aRequest({ delayMs: 50, scope: "s" }), aRequest()];
      await failEverywhere(bench, async () => enqueueAll(bench.store, list));
      assert.equal((await enqueueOne(bench.store)).number, 3);
      assert.equal((await enqueueOne(bench.store, { scope: "s" })).number, 2);
    },
  },
  {
    name: "a claim that fails at any moment leaves the jobs where they were",
    guarantees: ["G1", "G3"],
    async run(bench) {
      await enqueueAll(bench.store, requests(3));
      await claimOne(bench.store);
      let claims: readonly Claim[] = [];
      await failEverywhere(bench, async () => {
        claims = await bench.store.claim({
          org: ORG,
          worker: "worker-1",
          queues: { order: "turns" },
          labels: new Set(),
          max: 2,
          leaseMs: 1_000,
        });
      });
      assert.equal(claims.length, 2);
    },
  },
  ...Object.entries({
    complete: moves.complete(1),
    fail: moves.fail(),
    retry: moves.retry(10),
    snooze: moves.snooze(10),
    release: moves.release(),
  }).map(([name, move]) => ({
    name: `a settle (${name}) that fails at any moment leaves the lease good`,
    guarantees: ["G2", "G3"] as const,
    async run(bench: ConformanceBench) {
      await enqueueAll(bench.store, requests(2));
      const claims = await claimSome(bench.store, 2);
      const settlements = claims.map((claim) => ({ ...refOf(claim), move }));
      await failEverywhere(bench, async () => {
        assert.deepEqual(await bench.store.settle(settlements), ["settled", "settled"]);
      });
    },
  })),
  {
    name: "a cancel that fails at any moment cancels nothing",
    guarantees: ["G3", "G7"],
    async run(bench) {
      const jobs = await enqueueAll(bench.store, requests(3));
      await claimOne(bench.store);
      const list = jobs.map(({ id }) => ({ id, by: "user", reason: null }));
      await failEverywhere(bench, async () => {
        const results = await bench.store.cancel(list);
        assert.deepEqual(
          results.map(({ status }) => status),
          ["requested", "cancelled", "cancelled"],
        );
      });
    },
  },
  {
    name: "a rescue that fails at any moment leaves the tickets where they were",
    guarantees: ["G3", "G9"],
    async run(bench) {
      await enqueueAll(bench.store, [...requests(2), aRequest({ maxAttempts: 1 })]);
      await claimSome(bench.store, 3, { leaseMs: 1_000 });
      bench.clock.advance(1_001);
      await failEverywhere(bench, async () => assert.equal((await bench.store.rescue(10)).count, 3));
    },
  },
  {
    name: "a promotion that fails at any moment leaves the tickets where they were",
    guarantees: ["G3"],
    async run(bench) {
      await enqueueAll(bench.store, requests(3, { delayMs: 10 }));
      bench.clock.advance(10);
      await failEverywhere(bench, async () => assert.equal((await bench.store.promote(10)).count, 3));
    },
  },
  {
    name: "a removal of a worker that fails at any moment leaves it its jobs",
    guarantees: ["G3"],
    async run(bench) {
      await enqueueAll(bench.store, requests(3));
      await claimSome(bench.store, 3);
      await failEverywhere(bench, async () => assert.equal(await bench.store.removeWorker("worker-1"), 3));
    },
  },
  {
    name: "a schedule whose firing fails at any moment is due as before",
    guarantees: ["G3", "G4"],
    async run(bench) {
      const { id: _id, ...request } = aRequest();
      const rule = { name: "nightly", org: ORG, cron: "0 3 * * *", timeZone: "UTC", kind: request.kind, payload: {} };
      await bench.store.putSchedule({ ...rule, request, nextAt: bench.clock.date() });
      await failEverywhere(bench, async () => {
        const fired = await bench.store.fireSchedules(() => ({
          request: { ...request, id: nextJobId() },
          nextAt: null,
        }));
        assert.equal(fired.count, 1);
      });
      assert.equal((await enqueueOne(bench.store)).number, 2);
    },
  },
]);

/**
 * Tries the call again and again, letting it fail at its first reading of the clock, at its second, and so on, until
 * it gets through. After each failure the data must be as it was before.
 */
async function failEverywhere({ store, interrupted }: ConformanceBench, call: () => Promise<unknown>): Promise<void> {
  const before = await snapshot(store);
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    if (!(await interrupted(reading, call))) {
      assert.ok(reading > 0, "the call read its clock at least once, so it was tried");
      return;
    }
    assert.deepEqual(await snapshot(store), before, `after a failure at reading ${reading}`);
  }
  assert.fail(`the call still failed when its clock broke at reading ${MOST_READINGS}`);
}

async function snapshot(store: Store): Promise<unknown> {
  const { jobs } = await store.list({}, { limit: 100, cursor: null });
  const attempts = await Promise.all(jobs.map(async ({ id }) => store.attempts(id)));
  const workers = await store.workers(ORG);
  return { jobs, attempts, workers, schedules: await store.schedules(ORG), counts: await store.counts({}) };
}
