import assert from "node:assert/strict";
import type { EnqueueResult } from "../../core/store.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  refOf,
  settleOne,
  writtenJob,
} from "../factory.ts";
import { casesOf, type ConformanceBench, type ConformanceCase } from "../harness.ts";
import { recordsOf } from "./carrying.ts";

/** Where a caller's transaction holds the only right to write, nothing can happen beside it. */
const needs = ["isShared", "isNumberedAtCommit"] as const;
const LEASE_MS = 1_000;

class Undone extends Error {}

/** What a caller's transaction holds until it ends, and what others do about that. */
export const openTransactionHoldCases: readonly ConformanceCase[] = casesOf("open transaction", [
  {
    name: "an attempt that enqueues in one keeps its ticket meanwhile: rescue passes over it, and heartbeats go on",
    guarantees: ["G2", "G9", "G11"],
    needs,
    async run({ store, clock, transaction }) {
      await enqueueOne(store);
      const claim = await claimOne(store, { leaseMs: LEASE_MS });
      await transaction(async (tx) => {
        const [child] = await store.within(tx).enqueue([aRequest({ queue: "children" })], { under: refOf(claim) });
        assert.equal(child?.status, "created");
        clock.advance(LEASE_MS + 1);
        assert.equal((await store.rescue(10)).count, 0, "what it enqueued is written under this lease");
        assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], LEASE_MS), ["held"]);
      });
      assert.equal((await store.rescue(10)).count, 0, "the heartbeat has prolonged the lease");
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
  {
    name: "rescue asks the expiry of the ticket that it takes, not of the one that it saw",
    guarantees: ["G1", "G9"],
    needs,
    async run(bench) {
      const { store, clock, transaction } = bench;
      await enqueueOne(store);
      const claim = await claimOne(store, { leaseMs: LEASE_MS });
      const rescuing = await transaction(async (tx) => {
        await store.within(tx).enqueue([aRequest({ queue: "children" })], { under: refOf(claim) });
        clock.advance(LEASE_MS + 1);
        const call = beside(store.rescue(10));
        await moreIn(bench, tx);
        assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], LEASE_MS), ["held"]);
        return call;
      });
      assert.equal((await rescuing.answer).count, 0);
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
  {
    name: "a key that one has used is waited for: its job stands if it commits, and the key is free if it does not",
    guarantees: ["G3", "G11"],
    needs,
    async run(bench) {
      const { store, transaction } = bench;
      for (const isKept of [true, false]) {
        await enqueueOne(store, { key: "k" });
        await settleOne(store, await claimOne(store), moves.complete());
        const request = aRequest({ key: "k" });
        let asking: { readonly answer: Promise<readonly EnqueueResult[]> } | undefined;
        const ending = transaction(async (tx) => {
          assert.equal((await store.within(tx).enqueue([request]))[0]?.status, "created");
          asking = beside(store.enqueue([aRequest({ key: "k" })]));
          await moreIn(bench, tx);
          if (!isKept) throw new Undone();
        });
        if (isKept) await ending;
        else await assert.rejects(ending, Undone);
        const [result] = (await asking?.answer) ?? [];
        assert.ok(result);
        assert.equal(result.status, isKept ? "existing" : "created");
        if (isKept) assert.equal(writtenJob(result)?.id, request.id);
        for (const claim of await claimSome(store, 10)) await settleOne(store, claim, moves.complete());
      }
    },
  },
  {
    name: "a lane that one writes to is not pruned, though it looks empty",
    guarantees: ["G3", "G10"],
    needs,
    async run({ store, transaction }) {
      const request = aRequest({ fairKey: "customer-1" });
      await transaction(async (tx) => {
        await store.within(tx).enqueue([request]);
        await store.prune(10);
      });
      const claim = await claimOne(store);
      assert.deepEqual([claim.job.id, claim.job.fairKey], [request.id, "customer-1"]);
    },
  },
  {
    name: "a worker that looked while an import was under way finds what it brought",
    guarantees: ["G12"],
    needs,
    async run({ store, openEmpty }) {
      await enqueueAll(store, [aRequest(), aRequest({ fairKey: "customer-1" })]);
      const target = await openEmpty();
      const writer = await target.openImport();
      assert.equal(await writer.write(await recordsOf(store)), null);
      assert.deepEqual(await claimSome(target, 10), []);
      await writer.commit();
      await writer.close();
      assert.equal((await claimSome(target, 10)).length, 2);
    },
  },
]);

/** A call that is not waited for yet; a failure is heard of when it is. */
function beside<T>(answer: Promise<T>): { readonly answer: Promise<T> } {
  answer.catch(() => undefined);
  return { answer };
}

/** So much more happens in the transaction that a call beside it has come as far as it can. */
async function moreIn({ store }: ConformanceBench, tx: unknown): Promise<void> {
  for (let i = 0; i < 8; i++) await store.within(tx).enqueue([aRequest({ queue: "more", delayMs: 60_000 })]);
}
