import assert from "node:assert/strict";
import type { Store } from "../../core/store.ts";
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
import { casesOf, type ConformanceBench, type ConformanceCase } from "../harness.ts";

/** What several do at the same moment. A race that is met by chance is run often. */
export const raceCases: readonly ConformanceCase[] = casesOf("race", [
  {
    name: "as many claims at once as there are jobs find one each, and none comes back empty",
    guarantees: ["G1", "G12"],
    needs: ["isShared"],
    async run(bench) {
      const stores = await severalOf(bench, 6);
      const claimEach = async () =>
        Promise.all(stores.map(async (store, n) => claimSome(store, 1, { worker: `worker-${n}` })));
      for (let round = 0; round < 8; round++) {
        await enqueueAll(bench.store, requests(stores.length));
        const claims = await claimEach();
        assert.deepEqual(
          claims.map(({ length }) => length),
          stores.map(() => 1),
          `in round ${round}`,
        );
        for (const claim of claims.flat())
          assert.equal(await settleOne(bench.store, claim, moves.complete()), "settled");
      }
    },
  },
  {
    name: "two who promote at once move each ticket once",
    guarantees: ["G1", "G3"],
    needs: ["isShared"],
    async run({ store, clock, openAnother }) {
      const another = await openAnother();
      for (let round = 0; round < 5; round++) {
        await enqueueAll(store, requests(10, { delayMs: 10 }));
        clock.advance(10);
        const results = await Promise.all([store, another, store, another].map(async (each) => each.promote(7)));
        assert.equal(
          results.reduce((sum, { count }) => sum + count, 0),
          10,
        );
        assert.equal((await claimSome(store, 20)).length, 10);
      }
    },
  },
  {
    name: "one request sent over several connections at once is written once",
    guarantees: ["G3", "G4"],
    needs: ["isShared"],
    async run(bench) {
      const stores = await severalOf(bench, 4);
      for (let round = 1; round <= 5; round++) {
        const request = aRequest();
        const results = await Promise.all(stores.map(async (store) => (await store.enqueue([request]))[0]?.status));
        assert.equal(results.filter((status) => status === "created").length, 1);
        assert.equal(results.filter((status) => status === "existing").length, stores.length - 1);
        assert.equal((await read(bench.store, request.id)).number, round);
      }
      assert.equal((await bench.store.counts({})).queued, 5);
    },
  },
  {
    name: "several connections racing with a key whose job has ended make one job",
    guarantees: ["G3", "G4"],
    needs: ["isShared"],
    async run(bench) {
      const stores = await severalOf(bench, 4);
      for (let round = 1; round <= 3; round++) {
        const results = await Promise.all(
          [...stores, ...stores, ...stores].map(async (store) => store.enqueue([aRequest({ key: "k" })])),
        );
        const created = results.flat().filter(({ status }) => status === "created");
        assert.equal(created.length, 1, `in round ${round}`);
        const claim = await claimOne(bench.store);
        assert.equal(claim.job.number, round);
        assert.equal(await settleOne(bench.store, claim, moves.complete()), "settled");
      }
    },
  },
  {
    name: "a claim and a cancel of a waiting job at the same moment agree on what became of it",
    guarantees: ["G1", "G3", "G7"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      for (let round = 0; round < 20; round++) {
        const { id } = await enqueueOne(store);
        const claiming = async () => claimSome(store, 1);
        const cancelling = async () => another.cancel([{ id, by: null, reason: null }]);
        const [claims, [result]] =
          round % 2 === 0
            ? await Promise.all([claiming(), cancelling()])
            : await Promise.all([cancelling(), claiming()]).then(([answers, found]) => [found, answers] as const);
        const [claim] = claims;
        assert.equal(result?.status, claim === undefined ? "cancelled" : "requested", `in round ${round}`);
        if (claim !== undefined) assert.equal(await settleOne(store, claim, moves.complete()), "cancelled");
        assert.equal((await read(store, id)).state, "cancelled");
      }
    },
  },
  {
    name: "lines that one attempt reports at once are numbered 1 to n, no gap, no repeat",
    guarantees: ["G3"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const calls = Array.from({ length: 20 }, (_, n) => {
        const lines = ["a", "b"].map((text) => ({ stream: "log" as const, text: `${n}${text}` }));
        return store.report([{ ...refOf(claim), progress: null, lines }]);
      });
      for (const answer of await Promise.all(calls)) assert.deepEqual(answer, ["kept"]);
      const lines = await store.logs(id, { after: 0, limit: 100 });
      assert.deepEqual(
        lines.map(({ sequence }) => sequence),
        Array.from({ length: 40 }, (_, n) => n + 1),
      );
      assert.equal(new Set(lines.map(({ text }) => text)).size, 40);
    },
  },
  {
    name: "of two changes of a queue's settings at the same moment neither is lost",
    guarantees: ["G6"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      for (let round = 1; round <= 10; round++) {
        await Promise.all([
          store.configureQueue(ORG, QUEUE, { settings: { maxAttempts: round } }),
          another.configureQueue(ORG, QUEUE, { settings: { retention: { failedMs: round } } }),
        ]);
        const [queue] = await store.queues(ORG);
        assert.deepEqual([queue?.settings.maxAttempts, queue?.settings.retention.failedMs], [round, round]);
      }
    },
  },
]);

/** The store and others on the same data, so many together. */
async function severalOf({ store, openAnother }: ConformanceBench, count: number): Promise<readonly Store[]> {
  const stores = [store];
  while (stores.length < count) stores.push(await openAnother());
  return stores;
}
