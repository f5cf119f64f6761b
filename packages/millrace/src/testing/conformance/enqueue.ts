import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import {
  aRequest,
  claimOne,
  enqueueAll,
  enqueueOne,
  moves,
  nextJobId,
  ORG,
  read,
  refOf,
  settleOne,
  writtenJob,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

export const enqueueCases = casesOf("enqueue", [
  {
    name: "a job reads back as it was asked for",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const before = await enqueueOne(store);
      const request = aRequest({
        kind: "report.build",
        payload: JSON.stringify({ n: 1, deep: { list: [1, "zwei", null, true] }, text: 'ünï"\\\u2028😀' }),
        queue: "reports",
        priority: -7,
        key: "k-1",
        scope: "repo/1",
        group: "batch 9",
        tags: { tier: "gold", note: "" },
        requires: ["gpu", "threads>=8"],
        fairKey: "customer-3",
        maxAttempts: 5,
        timeoutMs: 1_234,
        backoff: { type: "fixed", delayMs: 50 },
        createdBy: "user-8",
        retryOf: before.id,
      });
      const job = await enqueueOne(store, request);
      assert.deepEqual(await read(store, request.id), job, "enqueue and get answer the same");
      const { id, org, kind, queue, priority, key, scope, group, tags, requires, fairKey } = job;
      assert.deepEqual(
        { id, org, kind, queue, priority, key, scope, group, tags, requires, fairKey },
        {
          id: request.id,
          org: ORG,
          kind: request.kind,
          queue: "reports",
          priority: -7,
          key: "k-1",
          scope: "repo/1",
          group: "batch 9",
          tags: { tier: "gold", note: "" },
          requires: ["gpu", "threads>=8"],
          fairKey: "customer-3",
        },
      );
      const { maxAttempts, timeoutMs, backoff, createdBy, retryOf } = job;
      assert.deepEqual(
        { maxAttempts, timeoutMs, backoff, createdBy, retryOf },
        {
          maxAttempts: 5,
          timeoutMs: 1_234,
          backoff: { type: "fixed", delayMs: 50 },
          createdBy: "user-8",
          retryOf: before.id,
        },
      );
      assert.deepEqual(job.payload, JSON.parse(request.payload));
      assert.deepEqual([job.createdAt, job.runAt], [clock.date(), clock.date()]);
    },
  },
  {
    name: "a new job has nothing that only an attempt could give it",
    guarantees: ["G3"],
    async run({ store }) {
      const job = await enqueueOne(store);
      assert.deepEqual([job.state, job.attempt, job.startedAt, job.finishedAt], ["queued", 0, null, null]);
      assert.deepEqual([job.result, job.error, job.progress, job.worker], [null, null, null, null]);
      const { cancelRequestedAt, cancelledAt, cancelledBy, cancelReason } = job;
      assert.deepEqual([cancelRequestedAt, cancelledAt, cancelledBy, cancelReason], [null, null, null, null]);
      assert.deepEqual(await store.attempts(job.id), []);
      assert.deepEqual(await store.logs(job.id, { after: 0, limit: 10 }), []);
    },
  },
  {
    name: "what a request leaves open falls to the queue's settings",
    guarantees: [],
    async run({ store }) {
      const plain = await enqueueOne(store);
      assert.equal(plain.maxAttempts, 3, "the default");
      await store.configureQueue(ORG, "slow", { settings: { maxAttempts: 9 } });
      const job = await enqueueOne(store, { queue: "slow" });
      assert.equal(job.maxAttempts, 9);
    },
  },
  {
    name: "answers come in the order of the requests, and nothing answers nothing",
    guarantees: [],
    async run({ store }) {
      const kept = await enqueueOne(store, { key: "k" });
      const list = [aRequest(), aRequest({ key: "k" }), aRequest({ key: "k", payload: "[1]" }), aRequest()];
      const results = await store.enqueue(list);
      assert.deepEqual(
        results.map(({ status }) => status),
        ["created", "existing", "duplicate", "created"],
      );
      const ids = results.map((result) => writtenJob(result)?.id ?? null);
      assert.deepEqual(ids, [list[0]?.id, kept.id, kept.id, list[3]?.id]);
      assert.deepEqual(await store.enqueue([]), []);
    },
  },
  {
    name: "the same ids sent again write nothing and answer existing",
    guarantees: ["G3", "G4"],
    async run({ store }) {
      const list = [aRequest(), aRequest(), aRequest()];
      const first = await enqueueAll(store, list);
      const again = await store.enqueue(list);
      assert.deepEqual(
        again.map((result) => [result.status, writtenJob(result)?.id ?? null]),
        first.map((job) => ["existing", job.id]),
      );
      assert.equal((await enqueueOne(store)).number, 4, "no number was burnt");
      assert.equal((await store.counts({})).queued, 4);
    },
  },
  {
    name: "of one id twice in one call the first is written",
    guarantees: ["G3", "G4"],
    async run({ store }) {
      const request = aRequest();
      const results = await store.enqueue([request, aRequest(), request]);
      assert.deepEqual(
        results.map((result) => [result.status, writtenJob(result)?.number ?? null]),
        [
          ["created", 1],
          ["created", 2],
          ["existing", 1],
        ],
      );
      assert.equal((await enqueueOne(store)).number, 3);
    },
  },
  {
    name: "an id sent again after its job has ended answers existing and does not run it again",
    guarantees: ["G3", "G6"],
    async run({ store }) {
      const request = aRequest();
      await enqueueAll(store, [request]);
      await settleOne(store, await claimOne(store), moves.complete(1));
      const [again] = await store.enqueue([request]);
      assert.equal(again?.status, "existing");
      assert.equal((await read(store, request.id)).state, "completed");
      assert.equal((await store.counts({})).queued, 0);
    },
  },
  {
    name: "a delay counts from the store's present, and a time given wins over it",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const delayed = await enqueueOne(store, { delayMs: 5_000 });
      assert.deepEqual([delayed.state, delayed.runAt], ["scheduled", clock.date(5_000)]);
      const timed = await enqueueOne(store, { delayMs: 5_000, runAt: clock.date(60_000) });
      assert.deepEqual([timed.state, timed.runAt], ["scheduled", clock.date(60_000)]);
      const due = await enqueueOne(store, { runAt: clock.date(-1_000) });
      assert.equal(due.state, "queued", "a time that has passed is no reason to wait");
      const at = await enqueueOne(store, { delayMs: 0 });
      assert.equal(at.state, "queued");
    },
  },
  {
    name: "an enqueue under a live lease writes, and under a lost one writes nothing at all",
    guarantees: ["G2", "G4"],
    async run({ store, clock }) {
      const parent = await enqueueOne(store);
      const stale = await claimOne(store, { leaseMs: 1_000 });
      const [child] = await store.enqueue([aRequest({ queue: "children" })], { under: refOf(stale) });
      assert.equal(child?.status, "created");
      clock.advance(1_001);
      await store.rescue(10);
      const lost = await store.enqueue([aRequest({ queue: "children" }), aRequest({ queue: "others" })], {
        under: refOf(stale),
      });
      assert.deepEqual(lost, [{ status: "lost" }, { status: "lost" }]);
      assert.equal((await store.counts({ queue: "others" })).queued, 0);
      const fresh = await claimOne(store, { queues: "mail" });
      assert.equal(fresh.job.id, parent.id);
      const again = await store.enqueue([aRequest({ queue: "children" })], { under: refOf(stale) });
      assert.deepEqual(again, [{ status: "lost" }], "the next attempt's lease is not this one's");
      const [second] = await store.enqueue([aRequest({ queue: "children" })], { under: refOf(fresh) });
      assert.equal(second?.status === "created" ? second.job.number : null, 2, "no number was burnt");
    },
  },
  {
    name: "an enqueue under the lease of an ended attempt is lost",
    guarantees: ["G2"],
    async run({ store }) {
      await enqueueOne(store);
      const claim = await claimOne(store);
      await settleOne(store, claim, moves.complete());
      assert.deepEqual(await store.enqueue([aRequest()], { under: refOf(claim) }), [{ status: "lost" }]);
      assert.equal((await store.counts({})).queued, 0);
    },
  },
  {
    name: "get answers in order, with null for what is not there",
    guarantees: [],
    async run({ store }) {
      const [a, b] = await enqueueAll(store, [aRequest(), aRequest()]);
      const jobs = await store.get([b?.id as JobId, nextJobId(), a?.id as JobId]);
      assert.deepEqual(
        jobs.map((job) => job?.id ?? null),
        [b?.id, null, a?.id],
      );
      assert.deepEqual(await store.get([]), []);
    },
  },
  {
    name: "a large batch is written whole",
    guarantees: ["G3", "G10"],
    async run({ store }) {
      const list = Array.from({ length: 2_000 }, (_, n) => aRequest({ payload: JSON.stringify({ n }) }));
      const jobs = await enqueueAll(store, list);
      assert.deepEqual(
        jobs.map(({ number }) => number),
        list.map((_, n) => n + 1),
      );
      assert.equal((await store.counts({})).queued, 2_000);
    },
  },
  {
    name: "closing twice is safe, and calls still waiting are answered first",
    guarantees: ["G3", "G10"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      const request = aRequest();
      const waiting = another.enqueue([request]);
      await another.close();
      await another.close();
      assert.equal((await waiting)[0]?.status, "created");
      assert.equal((await read(store, request.id)).state, "queued");
    },
  },
  {
    name: "what is sent again after its answer was lost is not written where it may have run and been deleted",
    guarantees: ["G1", "G3"],
    async run({ store, clock }) {
      const request = aRequest({ queue: "brief" });
      const { id } = await enqueueOne(store, request);
      const again = { ...request, sentMsAgo: 100 };
      assert.equal((await store.enqueue([again]))[0]?.status, "existing");
      await store.configureQueue(ORG, "brief", { settings: { retention: { completedMs: 0 } } });
      await settleOne(
        store,
        await claimOne(store, { queues: { order: "strict", names: ["brief"] } }),
        moves.complete(),
      );
      clock.advance(1);
      assert.equal((await store.prune(10)).count, 1);
      await assert.rejects(store.enqueue([again]), {
        code: "store_unavailable",
        message: /"brief" keeps .* for 0 ms only/,
      });
      assert.deepEqual(await store.get([id]), [null]);
      const patient = { ...aRequest(), sentMsAgo: 100 };
      assert.equal((await store.enqueue([patient]))[0]?.status, "created", "jobs of this queue are kept");
    },
  },
]);
