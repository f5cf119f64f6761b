import assert from "node:assert/strict";
import type { Companion } from "../../core/companion.ts";
import type { Claim, EnqueueRequest, Store } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { assertSound, casesOf, rolledBack, type ConformanceBench, type ConformanceCase } from "../harness.ts";

const DAY_MS = 86_400_000;
const companion: Companion = { sealed: "c2VhbGVk", trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

const travelling: readonly ConformanceCase[] = casesOf("companions", [
  {
    name: "what travels beside a job is given to whoever has its lease",
    guarantees: ["G2"],
    async run({ store }) {
      const sealed = { sealed: "only secrets", trace: null };
      const trace = { sealed: null, trace: companion.trace };
      const nothing = { sealed: null, trace: null };
      const list = [companion, sealed, trace, undefined, nothing].map((each) => aRequest(beside(each)));
      await enqueueAll(store, list);
      const leases = (await claimSome(store, 10)).map(refOf);
      assert.deepEqual(await store.companions(leases), [companion, sealed, trace, null, null]);
      const again = leases.toReversed();
      assert.deepEqual(await store.companions(again), [null, null, trace, sealed, companion], "in order, each time");
      assert.deepEqual(await store.companions([]), []);
    },
  },
  {
    name: "what travels beside a job is given under the live lease only",
    guarantees: ["G2"],
    async run({ store, clock }) {
      await enqueueOne(store, { companion });
      const stale = await claimOne(store, { leaseMs: 1_000 });
      const { job, token } = refOf(stale);
      assert.deepEqual(await store.companions([{ job, token: token + 1 }]), [null]);
      assert.deepEqual(await store.companions([{ job: aRequest().id, token }]), [null]);
      clock.advance(1_001);
      await store.rescue(10);
      assert.deepEqual(await store.companions([refOf(stale)]), [null], "nobody holds it");
      const fresh = await claimOne(store, { worker: "worker-2" });
      assert.deepEqual(await store.companions([refOf(stale), refOf(fresh)]), [null, companion]);
    },
  },
  {
    name: "what travels beside a job is there for every attempt of it",
    guarantees: [],
    async run({ store, clock }) {
      await enqueueOne(store, { companion, delayMs: 1_000 });
      clock.advance(1_000);
      await store.promote(10);
      for (const move of [moves.retry(1_000), moves.snooze(1_000), moves.release()]) {
        const claim = await claimOne(store);
        assert.deepEqual(await given(store, claim), companion);
        await settleOne(store, claim, move);
        clock.advance(1_000);
        await store.promote(10);
      }
      const leaving = await claimOne(store, { worker: "leaving" });
      assert.deepEqual(await given(store, leaving), companion);
      await store.removeWorker("leaving");
      assert.deepEqual(await given(store, await claimOne(store)), companion);
    },
  },
  {
    name: "what travels beside a request is not written when a job stands for it already",
    guarantees: ["G3"],
    async run({ store }) {
      const sent = aRequest({ companion });
      const list = [sent, aRequest({ key: "bare" }), aRequest({ key: "full", companion })];
      await enqueueAll(store, list);
      const other = { sealed: "other", trace: null };
      const repeats = await store.enqueue([
        { ...sent, companion: other },
        aRequest({ key: "bare", companion: other }),
        aRequest({ key: "full", companion: other }),
        aRequest({ key: "full", payload: "[1]", companion: other }),
      ]);
      assert.deepEqual(
        repeats.map(({ status }) => status),
        ["existing", "existing", "existing", "duplicate"],
      );
      const leases = (await claimSome(store, 10)).map(refOf);
      assert.deepEqual(await store.companions(leases), [companion, null, companion]);
    },
  },
  {
    name: "what travels beside a job is not shown with it",
    guarantees: ["G8"],
    async run({ store }) {
      const request = aRequest({ companion });
      const [result] = await store.enqueue([request]);
      const claim = await claimOne(store);
      const told = [result, claim, await store.get([request.id]), await store.explain(request.id)];
      assert.doesNotMatch(JSON.stringify(told), /c2VhbGVk|0af7651916cd43dd8448eb211c80319c/);
    },
  },
  {
    name: "what travels beside a job is written in the transaction of the caller, and undone with it",
    guarantees: ["G11"],
    needs: ["isShared"],
    async run(bench) {
      const { store, transaction } = bench;
      const request = aRequest({ companion });
      await rolledBack(bench, async (tx) => store.within(tx).enqueue([request]));
      await enqueueAll(store, [{ ...request, companion: { sealed: "afterwards", trace: null } }]);
      await transaction(async (tx) => store.within(tx).enqueue([aRequest({ companion })]));
      const leases = (await claimSome(store, 10)).map(refOf);
      assert.deepEqual(await store.companions(leases), [{ sealed: "afterwards", trace: null }, companion]);
    },
  },
  {
    name: "when writing what travels beside jobs breaks off in the middle, nothing is written",
    guarantees: ["G3", "G4"],
    async run({ store, interrupted }) {
      for (let reading = 0; ; reading++) {
        const list = requests(3, { companion });
        if (!(await interrupted(reading, async () => store.enqueue(list)))) break;
        assert.deepEqual(await store.get(list.map(({ id }) => id)), [null, null, null]);
        await assertSound(store);
      }
    },
  },
  {
    name: "a job that had something beside it is pruned like any other",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { companion });
      await settleOne(store, await claimOne(store), moves.complete());
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.deepEqual(await store.get([id]), [null]);
    },
  },
]);

/** The ways in which a job comes to its end. */
const endings: Readonly<Record<string, (bench: ConformanceBench) => Promise<void>>> = {
  "when it completes": async ({ store }) => void (await settleOne(store, await claimOne(store), moves.complete())),
  "when it fails for good": async ({ store }) => void (await settleOne(store, await claimOne(store), moves.fail())),
  "when its handler cancels it": async ({ store }) =>
    void (await settleOne(store, await claimOne(store), moves.cancel())),
  "when it is cancelled before it ran": async ({ store }) => cancelAll(store),
  "when it is cancelled between two attempts": async ({ store }) => {
    await settleOne(store, await claimOne(store), moves.retry(1_000));
    await cancelAll(store);
  },
  "when it completes after a cancel": async ({ store }) => {
    const claim = await claimOne(store);
    await cancelAll(store);
    assert.equal(await settleOne(store, claim, moves.complete()), "cancelled");
  },
  "when it does not obey a cancel": async ({ store, clock }) => {
    await claimOne(store);
    await cancelAll(store);
    clock.advance(60_000);
    await store.rescue(10);
  },
  "when its worker leaves after a cancel": async ({ store }) => {
    await claimOne(store);
    await cancelAll(store);
    await store.removeWorker("worker-1");
  },
  "when the lease of its last attempt is lost": async ({ store, clock }) => {
    await claimOne(store, { leaseMs: 1_000 });
    clock.advance(1_001);
    await store.rescue(10);
  },
};

const ending: readonly ConformanceCase[] = casesOf("companions", [
  ...Object.entries(endings).map(([way, end]) => ({
    name: `what travels beside a job is gone ${way}`,
    guarantees: ["G6", "G8"] as const,
    async run(bench: ConformanceBench) {
      const { store } = bench;
      const { id } = await enqueueOne(store, { companion, maxAttempts: 1 });
      await end(bench);
      assert.deepEqual(await store.ended([id]), [true]);
      await assertSound(store);
    },
  })),
  {
    name: "what travels beside a job is gone when it is completed in a transaction of the caller",
    guarantees: ["G6", "G8", "G11"],
    needs: ["isShared"],
    async run(bench) {
      const { store, transaction } = bench;
      await enqueueOne(store, { companion });
      const claim = await claimOne(store);
      const settlement = { ...refOf(claim), move: moves.complete() };
      await rolledBack(bench, async (tx) => store.within(tx).settle([settlement]));
      assert.deepEqual(await given(store, claim), companion, "it was undone with the transaction");
      await transaction(async (tx) => store.within(tx).settle([settlement]));
      assert.deepEqual(await given(store, claim), null);
      await assertSound(store);
    },
  },
  {
    name: "what travels beside many jobs is gone when they end in one batch, and stays beside those that do not",
    guarantees: ["G6", "G8"],
    async run({ store }) {
      await enqueueAll(store, [...requests(40, { companion }), ...requests(10)]);
      const claims = await claimSome(store, 50);
      const ways = [moves.complete(), moves.fail(), moves.release(), moves.complete()];
      await store.settle(claims.map((claim, n) => ({ ...refOf(claim), move: ways[n % 4] ?? moves.complete() })));
      await assertSound(store);
      const again = await claimSome(store, 50);
      assert.equal(again.length, 12);
      const companions = await store.companions(again.map(refOf));
      assert.deepEqual(companions, [...requests(10).map(() => companion), null, null]);
    },
  },
]);

/** A store shows nothing of what travelled beside a finished job; its audit says whether it is there. */
export const companionCases: readonly ConformanceCase[] = [...travelling, ...ending];

function beside(each: Companion | undefined): Partial<EnqueueRequest> {
  return each === undefined ? {} : { companion: each };
}

async function given(store: Store, claim: Claim): Promise<Companion | null> {
  const [only] = await store.companions([refOf(claim)]);
  return only ?? null;
}

async function cancelAll(store: Store): Promise<void> {
  const { jobs } = await store.list({}, { limit: 10, cursor: null });
  await store.cancel(jobs.map(({ id }) => ({ id, by: null, reason: null })));
}
