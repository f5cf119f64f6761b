import assert from "node:assert/strict";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  read,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { assertSound, casesOf } from "../harness.ts";

export const auditCases = casesOf("audit", [
  {
    name: "an audit of empty data finds nothing in no jobs",
    guarantees: ["G3"],
    async run({ store }) {
      const { verdict, jobs, violations } = await store.audit();
      assert.deepEqual([verdict, jobs, violations], ["sound", 0, []]);
    },
  },
  {
    name: "an audit finds nothing after jobs went every way there is",
    guarantees: ["G3", "G4", "G5", "G6"],
    async run({ store, clock }) {
      await enqueueAll(store, [...requests(12), aRequest({ delayMs: 9_000 }), aRequest({ numbered: false, key: "k" })]);
      await store.number(ORG, "mail", 3);
      await enqueueOne(store);
      const claims = await claimSome(store, 12, { leaseMs: 1_000 });
      const ways = [moves.complete(), moves.fail(), moves.cancel(), moves.retry(0), moves.snooze(0), moves.release()];
      await store.settle(claims.slice(0, 6).map((claim, i) => ({ ...refOf(claim), move: ways[i] ?? moves.release() })));
      await store.cancel(claims.slice(6, 8).map(({ job }) => ({ id: job.id, by: null, reason: null })));
      clock.advance(1_001);
      await store.rescue(100);
      clock.step(-500);
      await store.promote(100);
      await claimSome(store, 5, { worker: "worker-2" });
      await store.removeWorker("worker-1");
      const { jobs, violations } = await store.audit();
      assert.deepEqual([jobs, violations], [15, []]);
      clock.advance(30 * 86_400_000);
      await store.prune(100);
      await assertSound(store);
    },
  },
  {
    name: "diagnose sees no problem in new data",
    guarantees: ["G13"],
    async run({ store }) {
      const problems = (await store.diagnose()).filter(({ level }) => level === "problem");
      assert.deepEqual(problems, []);
    },
  },
  {
    name: "explain tells where a job stands: its queue's pause, those in front, the workers there are",
    guarantees: [],
    async run({ store }) {
      const [first, , third] = await enqueueAll(store, requests(3));
      const other = await enqueueOne(store, { requires: ["gpu"] });
      assert.ok(first && third);
      const before = await store.explain(third.id);
      assert.deepEqual([before?.aheadCount, before?.isQueuePaused, before?.workers], [2, false, []]);
      const claim = await claimOne(store);
      await store.configureQueue(ORG, third.queue, { isPaused: true });
      const situation = await store.explain(third.id);
      assert.deepEqual([situation?.aheadCount, situation?.isQueuePaused], [1, true]);
      assert.deepEqual(
        situation?.workers.map(({ concurrency, running }) => [concurrency, running]),
        [[1_000, 1]],
      );
      assert.deepEqual(situation?.job, await read(store, third.id));
      assert.equal((await store.explain(other.id))?.aheadCount, 0, "another lane is not in front of it");
      assert.equal((await store.explain(first.id))?.aheadCount, null, "what runs waits for nobody");
      const { startedAt } = await read(store, first.id);
      assert.deepEqual((await store.explain(first.id))?.attemptStartedAt, startedAt, "the first attempt runs");
      assert.equal(situation?.attemptStartedAt, null, "what waits runs no attempt");
      await settleOne(store, claim, moves.complete());
      const ended = await store.explain(first.id);
      assert.deepEqual([ended?.job.state, ended?.attemptStartedAt], ["completed", startedAt]);
      assert.equal(await store.explain(aRequest().id), null);
    },
  },
]);
