import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import {
  aRequest,
  aWorker,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  read,
  refOf,
  requests,
  settleOne,
  writtenJob,
} from "../factory.ts";
import { casesOf } from "../harness.ts";

const LEASE_MS = 1_000;
const short = { leaseMs: LEASE_MS };

export const leaseCases = casesOf("lease", [
  {
    name: "a heartbeat prolongs the lease, and rescue lets it be",
    guarantees: ["G1", "G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store, short);
      for (let beat = 0; beat < 5; beat++) {
        clock.advance(LEASE_MS - 100);
        assert.deepEqual(await store.heartbeat("worker-1", [refOf(claim)], LEASE_MS), ["held"]);
        assert.equal((await store.rescue(10)).count, 0);
      }
      assert.equal((await read(store, id)).state, "running");
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
  {
    name: "one heartbeat answers for each lease in order",
    guarantees: ["G2"],
    async run({ store }) {
      await enqueueAll(store, requests(3));
      const [a, b, c] = await claimSome(store, 3);
      assert.ok(a && b && c);
      await settleOne(store, b, moves.complete());
      await store.cancel([{ id: c.job.id, by: null, reason: null }]);
      const refs = [refOf(c), refOf(b), refOf(a), { job: a.job.id, token: a.lease.token + 1 }];
      assert.deepEqual(await store.heartbeat("worker-1", refs, LEASE_MS), ["cancel", "lost", "held", "lost"]);
      assert.deepEqual(await store.heartbeat("worker-1", [], LEASE_MS), []);
    },
  },
  {
    name: "rescue asks the expiry: a job that runs for days on a live lease is left alone",
    guarantees: ["G1", "G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      clock.advance(86_400_000);
      const claim = await claimOne(store, { leaseMs: 86_400_000 });
      clock.advance(80_000_000);
      assert.equal((await store.rescue(10)).count, 0);
      assert.equal((await read(store, id)).state, "running");
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
    },
  },
  {
    name: "rescue takes back an expired ticket: queued again, the attempt counted, its end on record",
    guarantees: ["G3", "G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const first = await claimOne(store, short);
      const startedAt = clock.date();
      clock.advance(LEASE_MS + 1);
      assert.equal((await store.rescue(10)).count, 1);
      const job = await read(store, id);
      assert.deepEqual([job.state, job.attempt, job.error?.name], ["queued", 1, "LeaseLostError"]);
      const [record, ...more] = await store.attempts(id);
      assert.deepEqual(more, []);
      assert.ok(record);
      const { attempt, token, worker, ending } = record;
      assert.deepEqual(
        { attempt, token, worker, ending },
        { attempt: 1, token: first.lease.token, worker: "worker-1", ending: "lost" },
      );
      assert.deepEqual([record.startedAt, record.endedAt], [startedAt, clock.date()]);
      const second = await claimOne(store, { worker: "worker-2" });
      assert.equal(second.lease.attempt, 2);
    },
  },
  {
    name: "a job keeps the start of its first attempt through rescue and retry",
    guarantees: ["G5"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const startedAt = clock.date();
      await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      assert.deepEqual((await read(store, id)).startedAt, startedAt);
      const second = await claimOne(store);
      assert.deepEqual(second.job.startedAt, startedAt);
      await settleOne(store, second, moves.retry(10));
      assert.deepEqual((await read(store, id)).startedAt, startedAt);
      clock.advance(10);
      await store.promote(10);
      await settleOne(store, await claimOne(store), moves.complete());
      assert.deepEqual((await read(store, id)).startedAt, startedAt);
    },
  },
  {
    name: "a worker whose job was rescued can no longer settle, report, prolong or enqueue",
    guarantees: ["G2", "G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const stale = await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      for (const stage of ["before the next claim", "after it"]) {
        assert.equal(await settleOne(store, stale, moves.complete("late")), "lost", stage);
        assert.equal(await settleOne(store, stale, moves.fail()), "lost", stage);
        assert.equal(await settleOne(store, stale, moves.retry(5)), "lost", stage);
        assert.deepEqual(await store.heartbeat("worker-1", [refOf(stale)], LEASE_MS), ["lost"], stage);
        const progress = { percent: 99, message: "late" };
        const lines = [{ stream: "log" as const, text: "late" }];
        assert.deepEqual(await store.report([{ ...refOf(stale), progress, lines }]), ["lost"], stage);
        assert.deepEqual(await store.enqueue([aRequest()], { under: refOf(stale) }), [{ status: "lost" }], stage);
        if (stage === "before the next claim") await claimOne(store, { worker: "worker-2" });
      }
      const job = await read(store, id);
      assert.deepEqual([job.state, job.worker, job.progress], ["running", "worker-2", null]);
      assert.deepEqual(await store.logs(id, { after: 0, limit: 10 }), []);
    },
  },
  {
    name: "the same worker that claims its rescued job again is fenced from its first attempt",
    guarantees: ["G2"],
    async run({ store, clock }) {
      await enqueueOne(store);
      const stale = await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      const fresh = await claimOne(store, short);
      const settlements = [stale, fresh].map((claim) => ({ ...refOf(claim), move: moves.complete() }));
      assert.deepEqual(await store.settle(settlements), ["lost", "settled"]);
    },
  },
  {
    name: "what was enqueued under a lease is answered again when it is sent again, though the lease is gone meanwhile",
    guarantees: ["G2", "G3"],
    async run({ store, clock }) {
      await enqueueOne(store);
      const claim = await claimOne(store, { leaseMs: LEASE_MS });
      const children = [aRequest(), aRequest()];
      const first = await store.enqueue(children, { under: refOf(claim) });
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      const again = await store.enqueue(children, { under: refOf(claim) });
      assert.deepEqual(
        [...first, ...again].map((result) => [result.status, writtenJob(result)?.id]),
        ["created", "existing"].flatMap((status) => children.map(({ id }) => [status, id])),
      );
      assert.deepEqual(await store.enqueue([aRequest()], { under: refOf(claim) }), [{ status: "lost" }]);
    },
  },
  {
    name: "rescue fails a job whose attempts are used up, and the late result is lost",
    guarantees: ["G6", "G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { maxAttempts: 2 });
      await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      const last = await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      assert.equal((await store.rescue(10)).count, 1);
      const failed = await read(store, id);
      assert.deepEqual([failed.state, failed.error?.name, failed.attempt], ["failed", "LeaseLostError", 2]);
      assert.deepEqual(failed.finishedAt, clock.date());
      assert.equal(await settleOne(store, last, moves.complete("late")), "lost");
      assert.deepEqual(await read(store, id), failed);
    },
  },
  {
    name: "a lease that ran out is still good until somebody rescues it",
    guarantees: ["G3", "G9"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store, short);
      clock.advance(LEASE_MS * 10);
      assert.deepEqual(
        await store.heartbeat("worker-1", [refOf(claim)], LEASE_MS),
        ["held"],
        "a blocked event loop is not a dead worker",
      );
      assert.equal((await store.rescue(10)).count, 0);
      clock.advance(LEASE_MS * 10);
      assert.equal(await settleOne(store, claim, moves.complete()), "settled");
      assert.equal((await read(store, id)).state, "completed");
    },
  },
  {
    name: "a rescued job has its old place, in front of those that came later",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const first = await enqueueOne(store);
      clock.advance(10);
      await enqueueOne(store);
      await claimOne(store, short);
      clock.advance(LEASE_MS + 1);
      await store.rescue(10);
      assert.equal((await claimOne(store)).job.id, first.id);
    },
  },
  {
    name: "rescue moves at most its limit and says when to come again",
    guarantees: ["G9"],
    async run({ store, clock }) {
      await enqueueAll(store, requests(5));
      await claimSome(store, 4, short);
      await claimSome(store, 1, { worker: "worker-2", leaseMs: LEASE_MS * 5 });
      clock.advance(LEASE_MS + 1);
      const { count, nextInMs } = await store.rescue(3);
      assert.equal(count, 3);
      assert.ok(nextInMs !== null && nextInMs <= 0, "there is more to do at once");
      const rest = await store.rescue(3);
      assert.equal(rest.count, 1);
      const lastInMs = LEASE_MS * 4 - 1;
      assert.ok(rest.nextInMs !== null && rest.nextInMs <= lastInMs, "not later than the next lease runs out");
      assert.equal((await store.rescue(3)).count, 0);
    },
  },
  {
    name: "two rescuers take back each ticket once",
    guarantees: ["G9"],
    needs: ["isShared"],
    async run({ store, clock, openAnother }) {
      const another = await openAnother();
      const jobs = await enqueueAll(store, requests(10));
      await claimSome(store, 10, short);
      clock.advance(LEASE_MS + 1);
      const results = await Promise.all([store, another, store, another].map(async (each) => each.rescue(7)));
      assert.equal(
        results.reduce((sum, { count }) => sum + count, 0),
        10,
      );
      for (const { id } of jobs) assert.equal((await store.attempts(id)).length, 1);
    },
  },
  {
    name: "removing a worker hands back all it held at once, its attempts not counted",
    guarantees: ["G3", "G9"],
    async run({ store }) {
      await enqueueAll(store, requests(4));
      const held = await claimSome(store, 3, { worker: "leaving" });
      const kept = await claimOne(store, { worker: "staying" });
      assert.equal(await store.removeWorker("leaving"), 3);
      assert.deepEqual(
        (await store.workers(ORG)).map(({ id }) => id),
        ["staying"],
      );
      for (const { job } of held) {
        const { state, attempt } = await read(store, job.id);
        assert.deepEqual([state, attempt], ["queued", 0]);
      }
      assert.equal(await settleOne(store, held[0] as typeof kept, moves.complete()), "lost");
      assert.equal(await settleOne(store, kept, moves.complete()), "settled");
      assert.equal(await store.removeWorker("leaving"), 0, "nobody is there any more");
      const again = await claimSome(store, 10, { worker: "staying" });
      assert.deepEqual(
        again.map(({ job, lease }) => [job.id, lease.attempt]),
        held.map(({ job }) => [job.id, 1]),
      );
    },
  },
  {
    name: "a worker is listed as it registered, with what it runs, while it is heard of",
    guarantees: ["G9"],
    async run({ store, clock }) {
      const startedAt = clock.date();
      const worker = aWorker({
        id: "w-1",
        name: "press",
        host: "host-3",
        pid: 41,
        queues: ["mail"],
        labels: ["gpu"],
        concurrency: 3,
        leaseMs: LEASE_MS,
      });
      await store.registerWorker(worker);
      await enqueueOne(store);
      const queues = { order: "turns" } as const;
      const claims = await store.claim({
        org: ORG,
        worker: "w-1",
        queues,
        labels: new Set(),
        max: 1,
        leaseMs: LEASE_MS,
      });
      clock.advance(900);
      await store.heartbeat("w-1", claims.map(refOf), LEASE_MS);
      const { org: _org, leaseMs: _leaseMs, ...info } = worker;
      const wanted = [{ ...info, running: 1, startedAt, seenAt: clock.date() }];
      assert.deepEqual(await store.workers(ORG), wanted);
      assert.deepEqual(await store.workers("umbrella"), []);
      await store.registerWorker({ ...worker, concurrency: 8 });
      assert.equal((await store.workers(ORG))[0]?.concurrency, 8, "registering again brings it up to date");
      clock.advance(LEASE_MS * 20);
      assert.deepEqual(await store.workers(ORG), [], "it was not heard of for too long");
    },
  },
  {
    name: "the id of a worker belongs to its organisation, and another cannot register it",
    guarantees: ["G8"],
    async run({ store }) {
      const worker = aWorker({ id: "w-1", name: "press" });
      assert.equal(await store.registerWorker(worker), "registered");
      assert.equal(await store.registerWorker({ ...worker, org: "umbrella", name: "thief" }), "taken");
      assert.equal(await store.registerWorker(worker), "registered", "the same worker may come again");
      assert.deepEqual(await store.workers("umbrella"), []);
      assert.equal((await store.workers(ORG))[0]?.name, "press");
    },
  },
  {
    name: "a worker learns which of its leases are to be cancelled, and no one else's",
    guarantees: ["G7"],
    async run({ store }) {
      await enqueueAll(store, requests(3));
      const [a, b] = await claimSome(store, 2, { worker: "one" });
      const c = await claimOne(store, { worker: "two" });
      assert.ok(a && b);
      assert.deepEqual(await store.cancelRequests("one"), []);
      const ids: JobId[] = [b.job.id, c.job.id];
      await store.cancel(ids.map((id) => ({ id, by: "user", reason: `no ${id}` })));
      assert.deepEqual(await store.cancelRequests("one"), [{ ...refOf(b), reason: `no ${b.job.id}` }]);
      assert.deepEqual(await store.cancelRequests("two"), [{ ...refOf(c), reason: `no ${c.job.id}` }]);
      await settleOne(store, b, moves.complete());
      assert.deepEqual(await store.cancelRequests("one"), []);
    },
  },
]);
