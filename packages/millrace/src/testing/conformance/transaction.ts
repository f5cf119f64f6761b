import assert from "node:assert/strict";
import type { EnqueueResult } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueOne,
  moves,
  numbersOf,
  ORG,
  QUEUE,
  read,
  refOf,
  requests,
} from "../factory.ts";
import { casesOf, rolledBack, type ConformanceCase } from "../harness.ts";

/** A caller's transaction is one on the same data, on a connection that the store did not make. */
const needs = ["isShared"] as const;

export const transactionCases: readonly ConformanceCase[] = casesOf("transaction", [
  {
    name: "an enqueue in a caller's transaction commits with it",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      const list = requests(3);
      const results = await transaction(async (tx) => store.within(tx).enqueue(list));
      assert.deepEqual(
        results.map((result) => (result.status === "created" ? result.job.id : result.status)),
        list.map(({ id }) => id),
      );
      assert.deepEqual(await numbersOf(store, list), [1, 2, 3]);
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
      await rolledBack(bench, async (tx) => {
        const results = await store.within(tx).enqueue(list);
        assert.equal(results[0]?.status, "created");
      });
      assert.deepEqual(await store.get(list.map(({ id }) => id)), [null, null, null]);
      assert.equal((await store.counts({})).queued, 0);
      assert.equal((await enqueueOne(store)).number, 1);
    },
  },
  {
    name: "where transactions are synchronous, what is written in one is answered without a turn of the event loop",
    guarantees: ["G4", "G11"],
    needs: ["isShared", "isSynchronous"],
    async run({ store, transaction }) {
      await enqueueOne(store);
      const claim = await claimOne(store);
      await transaction((tx) => {
        const within = store.within(tx);
        const results = within.enqueue([aRequest()]) as readonly EnqueueResult[];
        assert.deepEqual(
          results.map((result) => (result.status === "created" ? result.job.number : result.status)),
          [2],
        );
        assert.equal(within.number(ORG, QUEUE, 2), 3);
        assert.deepEqual(within.report([{ ...refOf(claim), progress: null, lines: [] }]), ["kept"]);
        assert.deepEqual(within.settle([{ ...refOf(claim), move: moves.complete() }]), ["settled"]);
        assert.throws(() => void within.enqueue([aRequest({ payload: "{not json" })]));
      });
      assert.equal((await enqueueOne(store)).number, 5);
    },
  },
  {
    name: "what a rolled back transaction was the first to use can be used afterwards",
    guarantees: ["G11"],
    needs,
    async run(bench) {
      const { store } = bench;
      const place = { queue: "novel", requires: ["gpu"], fairKey: "x", scope: "novel-scope" };
      const novel = { ...place, key: "k", kind: "novel.kind" };
      await rolledBack(bench, async (tx) => store.within(tx).enqueue([aRequest(novel)]));
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
      const statuses = await transaction(async (tx) =>
        store.within(tx).settle([{ ...refOf(claim), move: moves.complete(7) }]),
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
      await rolledBack(bench, async (tx) => store.within(tx).settle([settlement]));
      assert.equal((await read(store, id)).state, "running");
      assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], 30_000), ["held"]);
      assert.deepEqual(await store.settle([settlement]), ["settled"]);
    },
  },
  {
    name: "what a job reports in a caller's transaction is kept with it, and undone with it",
    guarantees: ["G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const said = (text: string) => async (tx: unknown) => {
        const lines = [{ stream: "stdout" as const, text }];
        const report = { ...refOf(claim), progress: { percent: 50, message: text }, lines };
        assert.deepEqual(await store.within(tx).report([report]), ["kept"]);
      };
      await rolledBack(bench, said("undone"));
      await transaction(said("kept"));
      assert.equal((await read(store, id)).progress?.message, "kept");
      const lines = await store.logs(id, { after: 0, limit: 10 });
      assert.deepEqual(
        lines.map(({ text }) => text),
        ["kept"],
      );
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
      const answers = await transaction(async (tx) => {
        const within = store.within(tx);
        const settled = await within.settle([{ ...refOf(stale), move: moves.complete() }]);
        const reported = await within.report([{ ...refOf(stale), progress: null, lines: [] }]);
        return [settled, reported, await within.enqueue([aRequest()], { under: refOf(stale) })];
      });
      assert.deepEqual(answers, [["lost"], ["lost"], [{ status: "lost" }]]);
      assert.equal((await read(store, id)).worker, "worker-2");
    },
  },
  {
    name: "numbers taken in a caller's transaction are given back when it rolls back",
    guarantees: ["G4", "G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      await rolledBack(bench, async (tx) => assert.equal(await store.within(tx).number(ORG, "issue", 5), 1));
      assert.equal(await transaction(async (tx) => store.within(tx).number(ORG, "issue", 2)), 1);
      assert.equal(await store.number(ORG, "issue", 1), 3);
    },
  },
  {
    name: "numbers adopted in a caller's transaction are kept with it, and undone with it",
    guarantees: ["G4", "G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      await rolledBack(bench, async (tx) => {
        assert.deepEqual(await store.within(tx).adoptNumbers(ORG, "issue", 41), { status: "adopted", last: 41 });
      });
      assert.equal(await store.number(ORG, "issue", 1), 1, "what was rolled back was not adopted");
      const answers = await transaction(async (tx) => {
        const within = store.within(tx);
        return [
          await within.adoptNumbers(ORG, "issue", 3),
          await within.number(ORG, "issue", 1),
          await within.adoptNumbers(ORG, "issue", 3),
        ];
      });
      assert.deepEqual(answers, [{ status: "adopted", last: 3 }, 4, { status: "behind", last: 4 }]);
      assert.equal(await store.number(ORG, "issue", 1), 5);
    },
  },
  {
    name: "numbers and jobs of one caller's transaction count on one counter",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      const list = requests(3);
      const own = await transaction(async (tx) => {
        const within = store.within(tx);
        await within.enqueue(list.slice(0, 1));
        const first = await within.number(ORG, QUEUE, 2);
        await within.enqueue(list.slice(1));
        return [first, first + 1];
      });
      const numbers = [...own, ...(await numbersOf(store, list))];
      assert.deepEqual(
        numbers.map(Number).toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5],
      );
      assert.equal((await enqueueOne(store)).number, 6);
    },
  },
  {
    name: "jobs of several scopes in one caller's transaction are numbered each in its scope, in the order they came",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      await enqueueOne(store, { scope: "a" });
      const scopes = ["b", "a", "b", "a", "b"];
      const list = scopes.map((scope) => aRequest({ scope }));
      await transaction(async (tx) => {
        const within = store.within(tx);
        await within.enqueue(list.slice(0, 3));
        await within.enqueue(list.slice(3));
      });
      assert.deepEqual(await numbersOf(store, list), [1, 2, 2, 3, 3]);
    },
  },
  {
    name: "a job that opts out of numbers in a caller's transaction has none afterwards, and touches no counter",
    guarantees: ["G4"],
    needs,
    async run({ store, transaction }) {
      const list = [aRequest({ numbered: false }), aRequest(), aRequest({ numbered: false })];
      await transaction(async (tx) => store.within(tx).enqueue(list));
      assert.deepEqual(await numbersOf(store, list), [null, 1, null]);
      assert.equal((await enqueueOne(store)).number, 2);
    },
  },
  {
    name: "a request that is sent twice in a caller's transaction is one job",
    guarantees: ["G3", "G11"],
    needs,
    async run({ store, transaction }) {
      const request = aRequest();
      const statuses = await transaction(async (tx) => {
        const [first] = await store.within(tx).enqueue([request]);
        const again = await store.within(tx).enqueue([request, aRequest()]);
        return [first, ...again].map((result) => result?.status);
      });
      assert.deepEqual(statuses, ["created", "existing", "created"]);
      assert.equal((await enqueueOne(store)).number, 3);
    },
  },
  {
    name: "a live key is found in a caller's transaction, and one written there holds after it",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const first = await enqueueOne(store, { key: "k" });
      const statuses = await transaction(async (tx) => {
        const within = store.within(tx);
        const again = await within.enqueue([aRequest({ key: "k" }), aRequest({ key: "k", payload: "[2]" })]);
        const novel = await within.enqueue([aRequest({ key: "novel" }), aRequest({ key: "novel" })]);
        return [...again, ...novel].map(({ status }) => status);
      });
      assert.deepEqual(statuses, ["existing", "duplicate", "created", "existing"]);
      const [result] = await store.enqueue([aRequest({ key: "novel" })]);
      assert.equal(result?.status, "existing");
      assert.equal((await read(store, first.id)).number, 1);
      assert.equal((await enqueueOne(store)).number, 3);
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
      const both = async (tx: unknown): Promise<void> => {
        const within = store.within(tx);
        assert.deepEqual(await within.settle([{ ...refOf(claim), move: moves.complete() }]), ["settled"]);
        assert.equal((await within.enqueue([aRequest({ queue: "next" })]))[0]?.status, "created");
      };
      const stand = async (): Promise<number[]> => {
        const { running, completed, queued } = await store.counts({});
        return [running, completed, queued];
      };
      await rolledBack(bench, both);
      assert.deepEqual(await stand(), [1, 0, 0]);
      await transaction(both);
      assert.deepEqual(await stand(), [0, 1, 1]);
    },
  },
  {
    name: "a call that fails inside a caller's transaction leaves nothing of itself, though the caller goes on",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      const [before, after] = [aRequest(), aRequest()];
      await transaction(async (tx) => {
        const within = store.within(tx);
        await within.enqueue([before]);
        await assert.rejects(async () => within.enqueue([aRequest(), aRequest({ payload: "{not json" })]));
        await within.enqueue([after]);
      });
      const { jobs } = await store.list({}, { limit: 10, cursor: null });
      assert.deepEqual(
        jobs.map(({ id, number }) => [id, number]),
        [
          [after.id, 2],
          [before.id, 1],
        ],
      );
      assert.equal((await enqueueOne(store)).number, 3);
    },
  },
  {
    name: "what is no open transaction is refused before anything is written",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const ended = await transaction((tx) => tx);
      for (const tx of [ended, {}, null, undefined, "tx"]) {
        await assert.rejects(async () => store.within(tx).enqueue([aRequest()]), String(tx));
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
      await transaction(async (tx) => store.within(tx).enqueue([aRequest({ queue: QUEUE })]));
      await woken.promise;
      stop();
    },
  },
]);
