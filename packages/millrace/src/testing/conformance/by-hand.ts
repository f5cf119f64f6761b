import assert from "node:assert/strict";
import { HAND, MANUAL } from "../../core/manual.ts";
import type { JobId } from "../../core/job.ts";
import type { Claim, Store } from "../../core/store.ts";
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
import { carry, recordsOf } from "./carrying.ts";

const LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;
const manual = { requires: [MANUAL] } as const;
const ADA = `${HAND}ada`;

/** Claims this job by hand. */
function claimJob(
  store: Store,
  job: JobId,
  { org = ORG, labels = [MANUAL], worker = ADA } = {},
): Promise<Claim | null> {
  return store.claimJob({ org, worker, labels: new Set(labels), leaseMs: LIMIT_MS }, job);
}

async function hold(store: Store, job: JobId): Promise<Claim> {
  const claim = await claimJob(store, job);
  assert.ok(claim, "the job waits, and is claimed");
  return claim;
}

async function stateOf(store: Store, id: JobId): Promise<readonly [string, string | undefined]> {
  const { state, error } = await read(store, id);
  return [state, error?.name];
}

async function typesAfter(store: Store, cursor: string): Promise<readonly string[]> {
  return (await store.events(ORG, cursor, 10)).events.map(({ type }) => type);
}

const lateOf = (claim: Claim, report = '{"summary":"late"}') => ({ ...refOf(claim), by: ADA, report });

export const byHandCases = casesOf("by hand", [
  {
    name: "one job is claimed by its id, whatever waits before it, and by one of many who ask",
    guarantees: ["G1"],
    async run({ store, clock }) {
      const [first, second] = await enqueueAll(store, requests(2, manual));
      assert.ok(first && second);
      const claims = await Promise.all(Array.from({ length: 10 }, async () => claimJob(store, second.id)));
      const [claim, ...more] = claims.filter((each) => each !== null);
      assert.ok(claim);
      assert.equal(more.length, 0, "one of ten has it");
      assert.deepEqual([claim.job.id, claim.lease.token, claim.job.worker], [second.id, 1, ADA]);
      assert.equal(claim.lease.expiresAt.getTime(), clock.now() + LIMIT_MS);
      assert.equal((await read(store, first.id)).state, "queued");
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
  {
    name: "one job is not claimed by its id when it is not there, does not wait, is paused, or asks for other labels",
    guarantees: ["G1", "G8"],
    async run({ store }) {
      const { id } = await enqueueOne(store, manual);
      const later = await enqueueOne(store, { ...manual, delayMs: 1_000 });
      assert.equal(await claimJob(store, aRequest().id), null);
      assert.equal(await claimJob(store, later.id), null);
      assert.equal(await claimJob(store, id, { labels: [] }), null);
      assert.equal(await claimJob(store, id, { org: "other" }), null);
      await store.configureQueue(ORG, QUEUE, { isPaused: true });
      assert.equal(await claimJob(store, id), null);
      await store.configureQueue(ORG, QUEUE, { isPaused: false });
      await hold(store, id);
      assert.equal(await claimJob(store, id), null);
    },
  },
  {
    name: "what is done by hand and what runs by itself have different takers, in one queue",
    guarantees: ["G1"],
    async run({ store }) {
      const byHand = await enqueueOne(store, manual);
      const byItself = await enqueueOne(store);
      assert.equal(await claimJob(store, byItself.id), null, "a person takes nothing that runs by itself");
      const hands = await claimSome(store, 10, { worker: ADA, labels: [MANUAL] });
      assert.deepEqual(
        hands.map(({ job }) => job.id),
        [byHand.id],
      );
      assert.equal((await claimOne(store)).job.id, byItself.id);
    },
  },
  {
    name: "who holds a job by hand is warned once, has as long again, and then it has failed, attempts left or not",
    guarantees: ["G3", "G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { ...manual, maxAttempts: 3 });
      const { cursor } = await store.events(ORG, null, 1);
      const claim = await hold(store, id);
      clock.advance(LIMIT_MS - 1);
      assert.equal((await store.rescue(10)).count, 0);
      assert.equal((await store.explain(id))?.warnedAt, null);
      clock.advance(1);
      for (let looks = 0; looks < 3; looks++) assert.equal((await store.rescue(10)).count, 0);
      const situation = await store.explain(id);
      assert.equal(situation?.warnedAt?.getTime(), clock.now());
      assert.equal(situation?.leaseUntil?.getTime(), clock.now() + LIMIT_MS);
      clock.advance(LIMIT_MS - 1);
      assert.equal((await store.rescue(10)).count, 0);
      clock.advance(1);
      assert.equal((await store.rescue(10)).count, 1);
      assert.deepEqual(await stateOf(store, id), ["failed", "AttemptTimeoutError"]);
      assert.equal(await settleOne(store, claim, moves.complete("late")), "lost");
      assert.deepEqual(await typesAfter(store, cursor), ["started", "warned", "failed"]);
    },
  },
  {
    name: "nobody looked for so long that both times are over: it has failed at once, warned all the same",
    guarantees: ["G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, manual);
      await hold(store, id);
      clock.advance(2 * LIMIT_MS);
      assert.equal((await store.rescue(10)).count, 1);
      assert.deepEqual(await stateOf(store, id), ["failed", "AttemptTimeoutError"]);
    },
  },
  {
    name: "a heartbeat gives who works by hand more time, and a job that was given back counts from the next claim",
    guarantees: ["G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, manual);
      const first = await hold(store, id);
      clock.advance(LIMIT_MS / 2);
      assert.deepEqual(await store.heartbeat(ADA, [refOf(first)], LIMIT_MS), ["held"]);
      clock.advance(LIMIT_MS - 1);
      await store.rescue(10);
      assert.equal((await store.explain(id))?.warnedAt, null);
      assert.equal(await settleOne(store, first, moves.release()), "settled");
      const second = await hold(store, id);
      clock.advance(LIMIT_MS - 1);
      await store.rescue(10);
      assert.equal((await store.explain(id))?.warnedAt, null);
      assert.equal(await settleOne(store, second, moves.complete()), "settled");
    },
  },
  {
    name: "a cancelled job that is held by hand ends with its grace, and is not warned of",
    guarantees: ["G7"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, manual);
      await hold(store, id);
      const { cursor } = await store.events(ORG, null, 1);
      await store.cancel([{ id, by: "bo", reason: null }]);
      clock.advance(LIMIT_MS);
      assert.equal((await store.rescue(10)).count, 1);
      assert.deepEqual(await stateOf(store, id), ["cancelled", undefined]);
      assert.deepEqual(await typesAfter(store, cursor), ["cancel_requested", "cancelled"]);
    },
  },
  {
    name: "a report of a lease that is over is kept once, goes with its job, and changes nothing",
    guarantees: ["G2", "G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, manual);
      const claim = await hold(store, id);
      assert.equal(await store.keepLateReport(lateOf(claim)), "unknown", "its lease is not over");
      clock.advance(2 * LIMIT_MS);
      await store.rescue(10);
      assert.equal(await store.keepLateReport({ ...lateOf(claim), token: 7 }), "unknown");
      assert.equal(await store.keepLateReport({ ...lateOf(claim), job: aRequest().id }), "unknown");
      assert.deepEqual(await store.lateReports(id), []);
      assert.equal(await store.keepLateReport(lateOf(claim)), "kept");
      const at = clock.date();
      clock.advance(1);
      assert.equal(await store.keepLateReport(lateOf(claim, "null")), "kept", "the first one stands");
      assert.deepEqual(await store.lateReports(id), [{ ...lateOf(claim), at }]);
      assert.deepEqual(await stateOf(store, id), ["failed", "AttemptTimeoutError"]);
      clock.advance(8 * DAY_MS);
      assert.equal((await store.prune(10)).count, 1);
      assert.deepEqual(await store.lateReports(id), []);
    },
  },
  {
    name: "late reports of several leases are kept in their order, and carried with their job",
    guarantees: ["G3"],
    needs: ["isShared"],
    async run({ store, clock, openEmpty }) {
      const { id } = await enqueueOne(store, manual);
      for (const report of ["1", "2"]) {
        const claim = await hold(store, id);
        await settleOne(store, claim, moves.release());
        assert.equal(await store.keepLateReport(lateOf(claim, report)), "kept");
        clock.advance(1);
      }
      const kept = await store.lateReports(id);
      assert.deepEqual(
        kept.map(({ report, token }) => [report, token]),
        [
          ["1", 1],
          ["2", 2],
        ],
      );
      const target = await openEmpty();
      const sent = await carry(store, target);
      assert.deepEqual(await recordsOf(target), sent);
      assert.deepEqual(await target.lateReports(id), kept);
    },
  },
]);
