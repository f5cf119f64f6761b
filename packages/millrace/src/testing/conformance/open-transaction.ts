import assert from "node:assert/strict";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
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

/** Where a caller's transaction holds the only right to write, nothing can happen beside it. */
const needs = ["isShared", "isNumberedAtCommit"] as const;

/** What others may do while a caller's transaction is open. */
export const openTransactionCases: readonly ConformanceCase[] = casesOf("open transaction", [
  {
    name: "what a caller's transaction has written is seen by nobody before its commit",
    guarantees: ["G11"],
    needs: ["isShared"],
    async run({ store, transaction, openAnother }) {
      const another = await openAnother();
      const { cursor } = await store.events(ORG, null, 1);
      const request = aRequest({ kind: "hidden" });
      await transaction(async (tx) => {
        await store.within(tx).enqueue([request]);
        for (const each of [store, another]) {
          assert.deepEqual(await each.get([request.id]), [null]);
          assert.equal(await each.findByNumber(ORG, QUEUE, 1), null);
          assert.equal((await each.counts({ kind: "hidden" })).queued, 0);
          assert.deepEqual((await each.list({ kind: "hidden" }, { limit: 10, cursor: null })).jobs, []);
          assert.deepEqual((await each.events(ORG, cursor, 10)).events, []);
        }
      });
      assert.equal((await another.findByNumber(ORG, QUEUE, 1))?.id, request.id);
      assert.equal((await claimOne(another)).job.id, request.id);
    },
  },
  {
    name: "a job is claimed by nobody before the transaction it was enqueued in has committed",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const request = aRequest();
      await transaction(async (tx) => {
        await store.within(tx).enqueue([request]);
        assert.deepEqual(await claimSome(store, 10), []);
      });
      assert.equal((await claimOne(store)).job.id, request.id);
    },
  },
  {
    name: "a job has no number until its transaction has committed",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction }) {
      const request = aRequest();
      await transaction(async (tx) => {
        const [result] = await store.within(tx).enqueue([request]);
        assert.deepEqual([result?.status, result?.status === "created" && result.job.number], ["created", null]);
      });
      assert.deepEqual(await numbersOf(store, [request]), [1]);
    },
  },
  {
    name: "a transaction that stays open delays no other enqueue of its scope, and its numbers come after theirs",
    guarantees: ["G4", "G11"],
    needs,
    async run({ store, transaction, openAnother }) {
      const another = await openAnother();
      const late = requests(2);
      await transaction(async (tx) => {
        await store.within(tx).enqueue(late);
        const jobs = [...(await enqueueAll(store, requests(2))), await enqueueOne(another)];
        assert.deepEqual(
          jobs.map(({ number }) => number),
          [1, 2, 3],
        );
      });
      assert.deepEqual(await numbersOf(store, late), [4, 5]);
    },
  },
  {
    name: "numbers follow the order of the commits of callers, and a rollback between them leaves no gap",
    guarantees: ["G4", "G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      const [first, second, third] = [requests(2), requests(2), requests(1)];
      await transaction(async (outer) => {
        await store.within(outer).enqueue(third);
        await transaction(async (inner) => {
          await store.within(inner).enqueue(second);
          await rolledBack(bench, async (tx) => store.within(tx).enqueue(requests(3)));
          await transaction(async (tx) => store.within(tx).enqueue(first));
        });
        await rolledBack(bench, async (tx) => store.within(tx).enqueue(requests(1)));
      });
      assert.deepEqual(await numbersOf(store, [...first, ...second, ...third]), [1, 2, 3, 4, 5]);
      assert.equal((await enqueueOne(store)).number, 6);
    },
  },
  {
    name: "many transactions of callers over the same scopes, in every order, all commit, without gap or repeat",
    guarantees: ["G4", "G10", "G11"],
    needs,
    async run({ store, transaction }) {
      const scopes = ["a", "b", "c"];
      const lists = Array.from({ length: 24 }, (_, n) =>
        [...scopes, ...scopes].slice(n % 3, (n % 3) + 3).map((scope) => aRequest({ scope })),
      );
      const orders = lists.map((list, n) => (n % 2 === 0 ? list : list.toReversed()));
      let openCount = 0;
      const allAreOpen = Promise.withResolvers<void>();
      await Promise.all([
        ...orders.map(async (list) =>
          transaction(async (tx) => {
            for (const request of list) await store.within(tx).enqueue([request]);
            // They commit at the same moment, so that any two that could wait for each other do.
            openCount += 1;
            if (openCount === orders.length) allAreOpen.resolve();
            await allAreOpen.promise;
          }),
        ),
        ...orders.map(async () =>
          enqueueAll(
            store,
            scopes.map((scope) => aRequest({ scope })),
          ),
        ),
      ]);
      for (const scope of scopes) {
        const { jobs } = await store.list({ scope }, { limit: 100, cursor: null });
        assert.deepEqual(
          jobs.map(({ number }) => number ?? 0).toSorted((a, b) => a - b),
          Array.from({ length: 48 }, (_, n) => n + 1),
        );
      }
    },
  },
  {
    name: "an event of a transaction that commits late is not missed by one who has read on meanwhile",
    guarantees: ["G11"],
    needs,
    async run({ store, transaction }) {
      const { cursor: start } = await store.events(ORG, null, 1);
      const [early, late] = [aRequest(), aRequest()];
      const before = await transaction(async (tx) => {
        await store.within(tx).enqueue([late]);
        await enqueueAll(store, [early]);
        return store.events(ORG, start, 100);
      });
      const after = await store.events(ORG, before.cursor, 100);
      const told = [...before.events, ...after.events].map(({ job }) => job);
      assert.deepEqual(told.toSorted(), [early.id, late.id].toSorted());
    },
  },
  {
    name: "a completion that is not committed yet delays no heartbeat, no claim and no upkeep, and is not lost by them",
    guarantees: ["G2", "G10", "G11"],
    needs,
    async run({ store, clock, transaction }) {
      await enqueueAll(store, requests(3));
      const [open, other] = await claimSome(store, 2, { leaseMs: 1_000 });
      assert.ok(open && other);
      await transaction(async (tx) => {
        assert.deepEqual(await store.within(tx).settle([{ ...refOf(open), move: moves.complete() }]), ["settled"]);
        const [ofOpen, ofOther] = await store.heartbeat("worker-1", [refOf(open), refOf(other)], 1_000);
        assert.notEqual(ofOpen, "lost", "it is this transaction that may take its ticket");
        assert.equal(ofOther, "held");
        assert.equal((await claimSome(store, 1)).length, 1);
        clock.advance(1_001);
        assert.equal((await store.rescue(10)).count, 1, "the other one's lease has run out");
        assert.equal((await store.promote(10)).count, 0);
      });
      assert.equal((await read(store, open.job.id)).state, "completed");
      assert.equal((await read(store, other.job.id)).state, "queued");
    },
  },
]);
