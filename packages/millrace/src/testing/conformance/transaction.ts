import assert from "node:assert/strict";
import type { EnqueueResult, SettleStatus } from "../../core/store.ts";
import { aRequest, claimOne, claimSome, enqueueOne, moves, ORG, QUEUE, read, refOf, requests } from "../factory.ts";
import { casesOf, type ConformanceBench, type ConformanceCase } from "../harness.ts";

/** A caller's transaction is one on the same data, written to without a turn of the event loop in between. */
const needs = ["isSynchronous", "isShared"] as const;

class Rollback extends Error {}

export const transactionCases: readonly ConformanceCase[] = casesOf("transaction", [
  {
    name: "an enqueue in a caller's transaction commits with it",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const list = requests(3);
      const results = transaction((tx) => store.within(tx).enqueue(list) as readonly EnqueueResult[]);
      assert.deepEqual(
        results.map((result) => (result.status === "created" ? result.job.number : result.status)),
        [1, 2, 3],
      );
      assert.equal((await claimSome(store, 10)).length, 3);
    },
  },
  {
    name: "an enqueue in a caller's transaction is undone with it, its number too",
    guarantees: ["G4", "G11"],
    needs,
    async run(bench) {
      const { store } = bench;
      const list = requests(3, { key: null });
      rolledBack(bench, (tx) => {
        const results = store.within(tx).enqueue(list) as readonly EnqueueResult[];
        assert.equal(results[0]?.status, "created");
      });
      assert.deepEqual(await store.get(list.map(({ id }) => id)), [null, null, null]);
      assert.equal((await store.counts({})).queued, 0);
      assert.equal((await enqueueOne(store)).number, 1);
    },
  },
  {
    name: "what a rolled back transaction was the first to use can be used afterwards",
    guarantees: ["G11"],
    needs,
    async run(bench) {
      const { store } = bench;
      const novel = {
        queue: "novel",
        requires: ["gpu"],
        fairKey: "x",
        scope: "novel-scope",
        key: "k",
        kind: "novel.kind",
      };
      rolledBack(bench, (tx) => void store.within(tx).enqueue([aRequest(novel)]));
      const job = await enqueueOne(store, novel);
      assert.equal(job.number, 1);
      const claim = await claimOne(store, { labels: ["gpu"] });
      assert.equal(claim.job.id, job.id, "nothing of it was remembered");
    },
  },
  {
    name: "a completion in a caller's transaction commits with it",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const statuses = transaction(
        (tx) => store.within(tx).settle([{ ...refOf(claim), move: moves.complete(7) }]) as readonly SettleStatus[],
      );
      assert.deepEqual(statuses, ["settled"]);
      const job = await read(store, id);
      assert.deepEqual([job.state, job.result], ["completed", 7]);
    },
  },
  {
    name: "a completion in a caller's transaction is undone with it, and the lease is still good",
    guarantees: ["G2", "G11"],
    needs,
    async run(bench) {
      const { store } = bench;
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const settlement = { ...refOf(claim), move: moves.complete() };
      rolledBack(bench, (tx) => void store.within(tx).settle([settlement]));
      assert.equal((await read(store, id)).state, "running");
      assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], 30_000), ["held"]);
      assert.deepEqual(await store.settle([settlement]), ["settled"]);
    },
  },
  {
    name: "a stale token is refused inside a caller's transaction too",
    guarantees: ["G2", "G11"],
    needs,
    async run({ store, clock, transaction }) {
      const { id } = await enqueueOne(store);
      const stale = await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_001);
      await store.rescue(10);
      await claimOne(store, { worker: "worker-2" });
      const answers = transaction((tx) => {
        const within = store.within(tx);
        return [
          within.settle([{ ...refOf(stale), move: moves.complete() }]),
          within.enqueue([aRequest()], { under: refOf(stale) }),
        ];
      });
      assert.deepEqual(answers, [["lost"], [{ status: "lost" }]]);
      assert.equal((await read(store, id)).worker, "worker-2");
    },
  },
  {
    name: "numbers taken in a caller's transaction are given back when it rolls back",
    guarantees: ["G4", "G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      rolledBack(bench, (tx) => assert.equal(store.within(tx).number(ORG, "issue", 5), 1));
      assert.equal(
        transaction((tx) => store.within(tx).number(ORG, "issue", 2)),
        1,
      );
      assert.equal(await store.number(ORG, "issue", 1), 3);
    },
  },
  {
    name: "enqueue and completion in one caller's transaction happen both or neither",
    guarantees: ["G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      await enqueueOne(store);
      const claim = await claimOne(store);
      const both = (tx: unknown): void => {
        const within = store.within(tx);
        assert.deepEqual(within.settle([{ ...refOf(claim), move: moves.complete() }]), ["settled"]);
        assert.equal((within.enqueue([aRequest({ queue: "next" })]) as readonly EnqueueResult[])[0]?.status, "created");
      };
      const stand = async (): Promise<number[]> => {
        const { running, completed, queued } = await store.counts({});
        return [running, completed, queued];
      };
      rolledBack(bench, both);
      assert.deepEqual(await stand(), [1, 0, 0]);
      transaction(both);
      assert.deepEqual(await stand(), [0, 1, 1]);
    },
  },
  {
    name: "a call that fails inside a caller's transaction leaves nothing of itself, though the caller goes on",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      const kept = aRequest();
      transaction((tx) => {
        const within = store.within(tx);
        void within.enqueue([kept]);
        assert.throws(() => void within.enqueue([aRequest(), aRequest({ payload: "{not json" })]));
      });
      const { jobs } = await store.list({}, { limit: 10, cursor: null });
      assert.deepEqual(
        jobs.map(({ id, number }) => [id, number]),
        [[kept.id, 1]],
      );
      assert.equal((await enqueueOne(store)).number, 2);
    },
  },
  {
    name: "what is no open transaction is refused before anything is written",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      let ended: unknown;
      transaction((tx) => void (ended = tx));
      for (const tx of [ended, {}, null, undefined, "tx"]) {
        assert.throws(() => void store.within(tx).enqueue([aRequest()]), String(tx));
      }
      assert.equal((await store.counts({})).queued, 0);
    },
  },
  {
    name: "a commit of a caller wakes the listeners",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const woken = Promise.withResolvers<void>();
      const stop = store.onChange((changes) => {
        if (changes.has("ready")) woken.resolve();
      });
      transaction((tx) => void store.within(tx).enqueue([aRequest({ queue: QUEUE })]));
      await woken.promise;
      stop();
    },
  },
]);

/** Runs `work` in a transaction that is then rolled back; what `work` itself throws comes through. */
function rolledBack(bench: ConformanceBench, work: (tx: unknown) => void): void {
  assert.throws(
    () =>
      bench.transaction((tx) => {
        work(tx);
        throw new Rollback();
      }),
    Rollback,
  );
}
