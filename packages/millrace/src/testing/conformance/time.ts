import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import type { Store } from "../../core/store.ts";
import { claimOne, claimSome, enqueueAll, enqueueOne, moves, read, refOf, requests, settleOne } from "../factory.ts";
import { casesOf } from "../harness.ts";

export const timeCases = casesOf("time", [
  {
    name: "every time on a job is the store's present at that move, to the millisecond",
    guarantees: ["G5"],
    async run({ store, clock }) {
      const createdAt = clock.date();
      const { id } = await enqueueOne(store);
      clock.advance(3);
      const startedAt = clock.date();
      const claim = await claimOne(store, { leaseMs: 500 });
      assert.deepEqual(claim.lease.expiresAt, clock.date(500));
      clock.advance(4);
      const finishedAt = clock.date();
      await settleOne(store, claim, moves.complete());
      const job = await read(store, id);
      assert.deepEqual([job.createdAt, job.startedAt, job.finishedAt], [createdAt, startedAt, finishedAt]);
    },
  },
  {
    name: "created ≤ started ≤ finished for jobs that take no time at all",
    guarantees: ["G5"],
    async run({ store }) {
      const jobs = await enqueueAll(store, requests(20));
      const claims = await claimSome(store, 20);
      await store.settle(claims.map((claim) => ({ ...refOf(claim), move: moves.complete() })));
      for (const { id } of jobs) await assertTimeline(store, id);
    },
  },
  {
    name: "created ≤ started ≤ finished when the clock steps back between any two moves",
    guarantees: ["G5"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { maxAttempts: 9 });
      clock.step(-3_600_000);
      const first = await claimOne(store);
      await assertTimeline(store, id);
      clock.step(-3_600_000);
      assert.equal(await settleOne(store, first, moves.retry(0)), "settled");
      await assertTimeline(store, id);
      await promoteAll(store, clock);
      clock.step(-3_600_000);
      const second = await claimOne(store);
      clock.step(-3_600_000);
      assert.equal(await settleOne(store, second, moves.complete()), "settled");
      await assertTimeline(store, id);
      assert.equal((await read(store, id)).state, "completed");
    },
  },
  {
    name: "created ≤ finished for a job cancelled while the clock is behind",
    guarantees: ["G5", "G7"],
    async run({ store, clock }) {
      const [waiting, running] = await enqueueAll(store, requests(2));
      assert.ok(waiting && running);
      const claim = await claimOne(store);
      clock.step(-60_000);
      await store.cancel([waiting, running].map(({ id }) => ({ id, by: null, reason: null })));
      const cancelled = [claim.job.id, claim.job.id === waiting.id ? running.id : waiting.id];
      await settleOne(store, claim, moves.complete());
      for (const id of cancelled) {
        await assertTimeline(store, id);
        assert.equal((await read(store, id)).state, "cancelled");
      }
    },
  },
  {
    name: "a lease is not shorter because the clock was ahead when the job was enqueued",
    guarantees: ["G5", "G9"],
    async run({ store, clock }) {
      await enqueueOne(store);
      clock.step(-60_000);
      const claim = await claimOne(store, { leaseMs: 1_000 });
      clock.advance(900);
      assert.equal((await store.rescue(10)).count, 0);
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
]);

async function assertTimeline(store: Store, id: JobId): Promise<void> {
  const job = await read(store, id);
  const instants = [job.createdAt, job.startedAt, job.finishedAt].filter((at) => at !== null).map(Number);
  assert.deepEqual(
    instants,
    instants.toSorted((a, b) => a - b),
    "created ≤ started ≤ finished",
  );
  for (const { startedAt, endedAt } of await store.attempts(id)) {
    assert.ok(job.createdAt <= startedAt && startedAt <= endedAt, "created ≤ started ≤ ended, for each attempt");
  }
}

/** Lets time pass until whatever is scheduled was promoted. */
async function promoteAll(store: Store, clock: { advance(ms: number): void }): Promise<void> {
  const { count, nextInMs } = await store.promote(10);
  if (count > 0 || nextInMs === null) return;
  clock.advance(Math.max(0, nextInMs));
  await store.promote(10);
}
