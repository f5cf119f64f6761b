import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  QUEUE,
  read,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

const DAY_MS = 86_400_000;

export const pruneCases = casesOf("prune", [
  {
    name: "a finished job goes when its retention is over, with its logs and attempts, and not before",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const first = await claimOne(store);
      await store.report([{ ...refOf(first), progress: null, lines: [{ stream: "log", text: "x" }] }]);
      await settleOne(store, first, moves.retry(0));
      await store.promote(10);
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(7 * DAY_MS - 1);
      assert.equal((await store.prune(10)).count, 0);
      assert.equal((await read(store, id)).state, "completed");
      clock.advance(2);
      assert.equal((await store.prune(10)).count, 1);
      assert.deepEqual(await store.get([id]), [null]);
      assert.deepEqual(await store.attempts(id), []);
      assert.deepEqual(await store.logs(id, { after: 0, limit: 10 }), []);
      assert.equal(await store.findByNumber(ORG, QUEUE, 1), null);
    },
  },
  {
    name: "each final state has a retention of its own, and null keeps for ever",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const retention = { completedMs: 1_000, failedMs: null, cancelledMs: 5_000 };
      await store.configureQueue(ORG, QUEUE, { settings: { retention } });
      const jobs = await enqueueAll(store, requests(3));
      const claims = await claimSome(store, 3);
      const endings = [moves.complete(), moves.fail(), moves.cancel()];
      await store.settle(claims.map((claim, i) => ({ ...refOf(claim), move: endings[i] ?? moves.complete() })));
      const left = async (): Promise<boolean[]> =>
        (await store.get(jobs.map(({ id }) => id))).map((job) => job !== null);
      clock.advance(1_001);
      await store.prune(10);
      assert.deepEqual(await left(), [false, true, true]);
      clock.advance(4_000);
      await store.prune(10);
      assert.deepEqual(await left(), [false, true, false]);
      clock.advance(1_000 * DAY_MS);
      assert.equal((await store.prune(10)).count, 0);
      assert.deepEqual(await left(), [false, true, false]);
    },
  },
  {
    name: "a job that has not ended is never pruned, however old",
    guarantees: ["G3"],
    async run({ store, clock }) {
      await enqueueAll(store, [...requests(2), aRequest({ delayMs: 2_000_000_000 })]);
      await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_000 * DAY_MS);
      assert.equal((await store.prune(10)).count, 0);
      const { queued, running, scheduled } = await store.counts({});
      assert.deepEqual([queued, running, scheduled], [1, 1, 1]);
    },
  },
  {
    name: "an old job that still waits keeps none of the later ones from being pruned",
    guarantees: ["G10"],
    async run({ store, clock }) {
      const waiting = await enqueueOne(store, { priority: -1 });
      clock.advance(1_000);
      const ended = await enqueueAll(store, requests(3));
      for (const _ of ended) await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 3);
      assert.equal((await read(store, waiting.id)).state, "queued");
    },
  },
  {
    name: "a job that ended late is kept from its end on, however long ago it was created",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      clock.advance(30 * DAY_MS);
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(6 * DAY_MS);
      assert.equal((await store.prune(10)).count, 0);
      clock.advance(2 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.deepEqual(await store.get([id]), [null]);
    },
  },
  {
    name: "numbers go on where they were after everything was pruned",
    guarantees: ["G4"],
    async run({ store, clock }) {
      await enqueueAll(store, requests(5));
      const claims = await claimSome(store, 5);
      await store.settle(claims.map((claim) => ({ ...refOf(claim), move: moves.complete() })));
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(100)).count, 5);
      assert.equal((await enqueueOne(store)).number, 6);
    },
  },
  {
    name: "prune deletes at most its limit, oldest first, and says when to come again",
    guarantees: ["G10"],
    async run({ store, clock }) {
      const ids: JobId[] = [];
      for (let i = 0; i < 5; i++) {
        ids.push((await enqueueOne(store)).id);
        await settleOne(store, await claimOne(store), moves.complete());
        clock.advance(1_000);
      }
      const { nextInMs } = await store.prune(10);
      assert.ok(nextInMs === null || nextInMs > 0, "nothing is to be done before");
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(3)).count, 3);
      assert.deepEqual(
        (await store.get(ids)).map((job) => job === null),
        [true, true, true, false, false],
      );
      assert.equal((await store.prune(3)).count, 2);
      assert.equal((await store.prune(3)).count, 0);
    },
  },
  {
    name: "a job that was made from a pruned one still names it",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const old = await enqueueOne(store);
      await settleOne(store, await claimOne(store), moves.fail());
      const again = await enqueueOne(store, { retryOf: old.id });
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.equal((await read(store, again.id)).retryOf, old.id);
    },
  },
  {
    name: "a key that a newer job has is not pruned with an older one",
    guarantees: ["G3"],
    async run({ store, clock }) {
      await enqueueOne(store, { key: "k" });
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(8 * DAY_MS);
      const newer = await enqueueOne(store, { key: "k" });
      assert.equal((await store.prune(10)).count, 1);
      const [again] = await store.enqueue([aRequest({ key: "k" })]);
      assert.ok(again?.status === "existing");
      assert.equal(again.job.id, newer.id);
    },
  },
  {
    name: "a fairness key all of whose jobs were pruned can be used again by a connection that knew it",
    guarantees: ["G3", "G12"],
    needs: ["isShared"],
    async run({ store, clock, openAnother }) {
      const another = await openAnother();
      await enqueueOne(another, { fairKey: "customer-1" });
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      const job = await enqueueOne(another, { fairKey: "customer-1" });
      const claim = await claimOne(store);
      assert.deepEqual([claim.job.id, claim.job.fairKey], [job.id, "customer-1"]);
    },
  },
  {
    name: "a fairness key keeps its lane while one of its jobs is left",
    guarantees: ["G3", "G12"],
    async run({ store, clock }) {
      const [, waiting] = await enqueueAll(store, requests(2, { fairKey: "customer-1" }));
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.equal((await claimOne(store)).job.id, waiting?.id);
    },
  },
]);
