import assert from "node:assert/strict";
import { aRequest, claimOne, enqueueOne, moves, read, settleOne, writtenJob } from "../factory.ts";
import { casesOf } from "../harness.ts";

export const keyCases = casesOf("keys", [
  {
    name: "a live job with the key is answered instead of a second one",
    guarantees: ["G3"],
    async run({ store }) {
      const job = await enqueueOne(store, { key: "k", payload: '{"a":1}' });
      const [same] = await store.enqueue([aRequest({ key: "k", payload: '{"a":1}' })]);
      assert.deepEqual(same, { status: "existing", job });
      const [other] = await store.enqueue([aRequest({ key: "k", payload: '{"a":2}' })]);
      assert.deepEqual(other, { status: "duplicate", job });
      assert.equal((await store.counts({})).queued, 1);
    },
  },
  {
    name: "a key is taken while its job waits, runs, and waits for its retry",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { key: "k", delayMs: 100 });
      const refused = async (stage: string): Promise<void> => {
        const [result] = await store.enqueue([aRequest({ key: "k" })]);
        assert.ok(result?.status === "existing", stage);
        assert.deepEqual(result.job, await read(store, id), stage);
      };
      await refused("scheduled");
      clock.advance(100);
      await store.promote(10);
      await refused("queued");
      const claim = await claimOne(store);
      await refused("running");
      await settleOne(store, claim, moves.retry(100));
      await refused("waiting for its retry");
    },
  },
  {
    name: "a key is free again once its job has ended, however it ended",
    guarantees: ["G3"],
    async run({ store }) {
      for (const move of [moves.complete(), moves.fail(), moves.cancel()]) {
        await enqueueOne(store, { key: "k" });
        await settleOne(store, await claimOne(store), move);
      }
      const { id } = await enqueueOne(store, { key: "k" });
      await store.cancel([{ id, by: null, reason: null }]);
      await enqueueOne(store, { key: "k" });
    },
  },
  {
    name: "a key is free again when rescue fails its job",
    guarantees: ["G3", "G9"],
    async run({ store, clock }) {
      await enqueueOne(store, { key: "k", maxAttempts: 1 });
      await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_001);
      await store.rescue(10);
      await enqueueOne(store, { key: "k" });
    },
  },
  {
    name: "the same key means nothing to another kind or another organisation",
    guarantees: ["G8"],
    async run({ store }) {
      await enqueueOne(store, { key: "k" });
      await enqueueOne(store, { key: "k", kind: "mail.bounce" });
      await enqueueOne(store, { key: "k", org: "umbrella" });
      const [elsewhere] = await store.enqueue([aRequest({ key: "k", queue: "another" })]);
      assert.equal(elsewhere?.status, "existing", "the queue is no part of it");
    },
  },
  {
    name: "of one key twice in one call the first is written",
    guarantees: ["G3"],
    async run({ store }) {
      const list = [aRequest({ key: "k" }), aRequest({ key: "k" }), aRequest({ key: "k", payload: "[1]" })];
      const results = await store.enqueue(list);
      assert.deepEqual(
        results.map((result) => [result.status, writtenJob(result)?.id ?? null]),
        ["created", "existing", "duplicate"].map((status) => [status, list[0]?.id]),
      );
    },
  },
  {
    name: "many connections racing with one key make one job",
    guarantees: ["G3", "G4"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother(), await openAnother(), await openAnother()];
      const results = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => (stores[n % 4] ?? store).enqueue([aRequest({ key: "k" })])),
      );
      const statuses = results.flat().map(({ status }) => status);
      assert.deepEqual(statuses.toSorted(), ["created", ...Array<string>(39).fill("existing")]);
      assert.equal((await store.counts({})).queued, 1);
      assert.equal((await enqueueOne(store)).number, 2);
    },
  },
  {
    name: "all or none: beside a duplicate nothing is written, and no number is burnt",
    guarantees: ["G4"],
    async run({ store }) {
      await enqueueOne(store, { key: "k" });
      const list = [aRequest(), aRequest({ key: "k", payload: "[1]" }), aRequest()];
      const results = await store.enqueue(list, { isAllOrNone: true });
      assert.deepEqual(
        results.map(({ status }) => status),
        ["withheld", "duplicate", "withheld"],
      );
      assert.equal((await store.counts({})).queued, 1);
      assert.equal((await enqueueOne(store)).number, 2);
    },
  },
  {
    name: "all or none: two of one call with one key and different payloads stand in each other's way",
    guarantees: [],
    async run({ store }) {
      const list = [aRequest({ key: "k" }), aRequest({ key: "k", payload: "[1]" })];
      const results = await store.enqueue(list, { isAllOrNone: true });
      assert.deepEqual(results, [{ status: "withheld" }, { status: "duplicate", job: null }]);
      assert.equal((await store.counts({})).queued, 0);
    },
  },
]);
