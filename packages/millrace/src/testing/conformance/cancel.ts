import assert from "node:assert/strict";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  nextJobId,
  ORG,
  QUEUE,
  read,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf, type ConformanceBench } from "../harness.ts";

const GRACE_MS = 5_000;

export const cancelCases = casesOf("cancel", [
  {
    name: "a waiting job is cancelled at once, with who, when and why",
    guarantees: ["G7"],
    async run({ store, clock }) {
      const [queued, scheduled] = await enqueueAll(store, [aRequest(), aRequest({ delayMs: 60_000 })]);
      assert.ok(queued && scheduled);
      clock.advance(30);
      for (const { id } of [queued, scheduled]) {
        const [result] = await store.cancel([{ id, by: "user-1", reason: "typo" }]);
        assert.equal(result?.status, "cancelled");
        const job = await read(store, id);
        const { state, cancelledBy, cancelReason, cancelledAt, finishedAt, startedAt } = job;
        assert.deepEqual([state, cancelledBy, cancelReason, startedAt], ["cancelled", "user-1", "typo", null]);
        assert.deepEqual([cancelledAt, finishedAt], [clock.date(), clock.date()]);
        assert.deepEqual(result.job, job, "cancel and get answer the same");
      }
      clock.advance(60_000);
      assert.equal((await store.promote(10)).count, 0);
      assert.deepEqual(await claimSome(store, 10), []);
    },
  },
  {
    name: "cancelling twice is the same answer, and the first record stands",
    guarantees: ["G6", "G7"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      await store.cancel([{ id, by: "first", reason: "one" }]);
      const before = await read(store, id);
      clock.advance(1_000);
      const [again] = await store.cancel([{ id, by: "second", reason: "two" }]);
      assert.equal(again?.status, "cancelled");
      assert.deepEqual(await read(store, id), before);
    },
  },
  {
    name: "a running job is asked to stop, its worker is told, and the first record stands",
    guarantees: ["G7"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      clock.advance(10);
      const requestedAt = clock.date();
      const [result] = await store.cancel([{ id, by: "first", reason: "one" }]);
      assert.equal(result?.status, "requested");
      clock.advance(10);
      const [again] = await store.cancel([{ id, by: "second", reason: "two" }]);
      assert.equal(again?.status, "requested");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.cancelRequestedAt], ["running", requestedAt]);
      assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], 30_000), ["cancel"]);
      assert.deepEqual(await store.cancelRequests("worker-1"), [{ ...refOf(claim), reason: "one" }]);
    },
  },
  ...Object.entries({
    complete: moves.complete("done"),
    fail: moves.fail("broken"),
    retry: moves.retry(1_000),
    snooze: moves.snooze(1_000),
    release: moves.release(),
  }).map(([name, move]) => ({
    name: `${name} after an accepted cancel ends the job as cancelled, and says so`,
    guarantees: ["G6", "G7"] as const,
    async run({ store, clock }: ConformanceBench) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      await store.cancel([{ id, by: "user-1", reason: "stop" }]);
      clock.advance(10);
      assert.equal(await settleOne(store, claim, move), "cancelled");
      const job = await read(store, id);
      const { state, cancelledBy, cancelReason, result, finishedAt } = job;
      assert.deepEqual([state, cancelledBy, cancelReason, result], ["cancelled", "user-1", "stop", null]);
      assert.deepEqual(finishedAt, clock.date());
      assert.equal(await settleOne(store, claim, move), "cancelled", "sent again, answered again");
      assert.deepEqual(await read(store, id), job);
      clock.advance(60_000);
      await store.promote(10);
      assert.deepEqual(await claimSome(store, 10), []);
    },
  })),
  {
    name: "a handler that obeys ends its job as cancelled, by whom it was asked",
    guarantees: ["G7"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      await store.cancel([{ id, by: "user-1", reason: "stop" }]);
      assert.notEqual(await settleOne(store, claim, moves.cancel("obeyed")), "lost");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.cancelledBy, job.cancelReason], ["cancelled", "user-1", "stop"]);
    },
  },
  {
    name: "after the grace period rescue ends the job whether its handler obeys or not",
    guarantees: ["G7"],
    async run({ store, clock }) {
      await store.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store, { leaseMs: 60_000 });
      await store.cancel([{ id, by: "user-1", reason: "stop" }]);
      clock.advance(GRACE_MS - 1);
      await store.heartbeat("worker-1", [refOf(claim)], 60_000);
      const early = await store.rescue(10);
      assert.equal(early.count, 0, "the grace is not over");
      assert.ok(early.nextInMs !== null && early.nextInMs <= 1, "it says when the grace is over");
      clock.advance(2);
      assert.equal((await store.rescue(10)).count, 1);
      const job = await read(store, id);
      assert.deepEqual([job.state, job.cancelledBy, job.cancelReason], ["cancelled", "user-1", "stop"]);
      assert.notEqual(await settleOne(store, claim, moves.complete("late")), "settled");
      assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], 60_000), ["lost"]);
      assert.deepEqual(await read(store, id), job);
    },
  },
  {
    name: "a job to be cancelled whose worker dies or leaves is cancelled and never runs again",
    guarantees: ["G7", "G9"],
    async run({ store, clock }) {
      await store.configureQueue(ORG, QUEUE, { settings: { cancelGraceMs: GRACE_MS } });
      const [orphan, handedBack] = await enqueueAll(store, requests(2));
      assert.ok(orphan && handedBack);
      await claimOne(store, { worker: "dying", leaseMs: 1_000 });
      await claimOne(store, { worker: "leaving", leaseMs: 60_000 });
      const request = { by: "user-1", reason: "stop" };
      await store.cancel([orphan, handedBack].map(({ id }) => ({ id, ...request })));
      await store.removeWorker("leaving");
      clock.advance(GRACE_MS + 1_001);
      await store.rescue(10);
      for (const { id } of [orphan, handedBack]) {
        const job = await read(store, id);
        assert.deepEqual([job.state, job.cancelledBy, job.cancelReason], ["cancelled", "user-1", "stop"]);
      }
      assert.deepEqual(await claimSome(store, 10), []);
    },
  },
  {
    name: "a job that completed or failed is not cancelled any more",
    guarantees: ["G6", "G7"],
    async run({ store }) {
      const jobs = await enqueueAll(store, requests(2));
      const [a, b] = await claimSome(store, 2);
      assert.ok(a && b);
      await settleOne(store, a, moves.complete());
      await settleOne(store, b, moves.fail());
      const ids = jobs.map(({ id }) => id);
      const before = await store.get(ids);
      const results = await store.cancel(ids.map((id) => ({ id, by: "late", reason: null })));
      assert.deepEqual(
        results.map((result) => (result.status === "finished" ? result.job : result.status)),
        before,
      );
      assert.deepEqual(await store.get(ids), before);
    },
  },
  {
    name: "cancel answers each request in order, and not_found for what is not there",
    guarantees: ["G7"],
    async run({ store }) {
      const [done, running, waiting] = await enqueueAll(store, requests(3));
      assert.ok(done && running && waiting);
      const [a] = await claimSome(store, 2);
      assert.ok(a);
      await settleOne(store, a, moves.complete());
      const ids = [waiting.id, nextJobId(), done.id, running.id, waiting.id];
      const results = await store.cancel(ids.map((id) => ({ id, by: null, reason: null })));
      assert.deepEqual(
        results.map(({ status }) => status),
        ["cancelled", "not_found", "finished", "requested", "cancelled"],
      );
    },
  },
  {
    name: "a cancel and a completion at the same moment agree on one end",
    guarantees: ["G6", "G7"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      for (let round = 0; round < 20; round++) {
        const { id } = await enqueueOne(store);
        const claim = await claimOne(store);
        const settling = async () => settleOne(store, claim, moves.complete());
        const cancelling = async () => (await another.cancel([{ id, by: null, reason: null }]))[0]?.status;
        const [status, answer] =
          round % 2 === 0
            ? await Promise.all([settling(), cancelling()])
            : (await Promise.all([cancelling(), settling()])).toReversed();
        const { state } = await read(store, id);
        if (state === "completed") assert.deepEqual([status, answer], ["settled", "finished"]);
        else assert.deepEqual([state, status, answer], ["cancelled", "cancelled", "requested"]);
      }
    },
  },
  {
    name: "a job waiting for its retry is cancelled at once and keeps its attempts",
    guarantees: ["G7"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const startedAt = clock.date();
      await settleOne(store, await claimOne(store), moves.retry(1_000));
      clock.advance(10);
      await store.cancel([{ id, by: null, reason: null }]);
      const job = await read(store, id);
      assert.deepEqual([job.state, job.attempt, job.startedAt], ["cancelled", 1, startedAt]);
      assert.equal(job.worker, "worker-1", "the worker of its last attempt");
      assert.equal((await store.attempts(id)).length, 1);
    },
  },
]);
