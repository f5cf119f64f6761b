import assert from "node:assert/strict";
import type { Claim, Store } from "../../core/store.ts";
import { aWorker, enqueueAll, moves, ORG, requests, settleOne } from "../factory.ts";
import { casesOf } from "../harness.ts";

const LEASE_MS = 30_000;

export const slotCases = casesOf("slots", [
  {
    name: "a worker is given no more jobs than it has free slots, and one for each that it settles",
    guarantees: ["G1"],
    async run({ store }) {
      await enqueueAll(store, requests(10));
      await registered(store, 3);
      const two = await claimWith(store, 3, 2);
      assert.equal(two.length, 2);
      const third = await claimWith(store, 3, 2);
      assert.equal(third.length, 1, "one slot is left");
      assert.deepEqual(await claimWith(store, 3, 2), []);
      for (const claim of [...two, ...third]) assert.equal(await settleOne(store, claim, moves.complete()), "settled");
      assert.equal((await claimWith(store, 3, 10)).length, 3);
    },
  },
  {
    name: "what a worker holds is no matter of others",
    guarantees: ["G12"],
    async run({ store }) {
      await enqueueAll(store, requests(2));
      await registered(store, 1);
      await registered(store, 1, "worker-2");
      assert.equal((await claimWith(store, 1, 1)).length, 1);
      assert.equal((await claimWith(store, 1, 1, "worker-2")).length, 1);
    },
  },
  {
    name: "claims of one worker at the same moment, on several connections, bring no more together than it has slots",
    guarantees: ["G1"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother(), await openAnother(), await openAnother()];
      await enqueueAll(store, requests(60));
      for (let round = 0; round < 10; round++) {
        const slots = round % 2 === 0 ? 1 : 3;
        for (const each of stores) await registered(each, slots);
        const claims = await Promise.all(
          [...stores, ...stores, ...stores].map(async (each) => {
            const claimed = await claimWith(each, slots, 2);
            return claimed.map((claim) => ({ store: each, claim }));
          }),
        );
        const held = claims.flat();
        assert.equal(held.length, slots, `in round ${round}`);
        assert.equal(new Set(held.map(({ claim }) => claim.job.id)).size, slots);
        for (const { store: by, claim } of held) {
          assert.equal(await settleOne(by, claim, moves.complete()), "settled");
        }
      }
    },
  },
  {
    name: "a claim that waits gets no job while its worker has no slot, and one when it has",
    guarantees: ["G1", "G12"],
    async run({ store }) {
      await enqueueAll(store, requests(2));
      await registered(store, 1);
      const [first] = await claimWith(store, 1, 1);
      assert.ok(first);
      const over = new AbortController();
      const waiting = claimWith(store, 1, 1, "worker-1", over.signal);
      // Over HTTP it waits for the slot; a store of this process says at once that there is none.
      if (!store.capabilities.isWaitForAll) assert.deepEqual(await waiting, []);
      assert.equal(await settleOne(store, first, moves.complete()), "settled");
      const second = store.capabilities.isWaitForAll ? await waiting : await claimWith(store, 1, 1);
      assert.equal(second.length, 1);
      over.abort();
    },
  },
  {
    name: "a waiting claim whose worker has no slot left lets another one have what it was woken for",
    guarantees: ["G12"],
    async run({ store }) {
      await registered(store, 1);
      await registered(store, 1, "worker-2");
      const over = new AbortController();
      const waiting = [
        claimWith(store, 1, 1, "worker-1", over.signal),
        claimWith(store, 1, 1, "worker-1", over.signal),
        claimWith(store, 1, 1, "worker-2", over.signal),
      ];
      await enqueueAll(store, requests(2));
      const [one, another, other] = waiting;
      assert.equal((await other)?.length, 1, "the worker with a slot");
      await Promise.race([one, another]);
      over.abort();
      const mine = await Promise.all([one, another]);
      assert.equal(mine.flat().length, 1, "and the other worker, once");
    },
  },
]);

async function registered(store: Store, slots: number, worker = "worker-1"): Promise<void> {
  await store.registerWorker(aWorker({ id: worker, concurrency: slots }));
}

function claimWith(
  store: Store,
  slots: number,
  max: number,
  worker = "worker-1",
  wait?: AbortSignal,
): Promise<readonly Claim[]> {
  const asked = { org: ORG, worker, queues: { order: "turns" }, labels: new Set<string>() } as const;
  return store.claim({ ...asked, max, slots, leaseMs: LEASE_MS }, wait);
}
