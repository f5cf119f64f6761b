import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import type { Move } from "../../core/settlement.ts";
import {
  aRequest,
  anError,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  nextJobId,
  read,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf, type ConformanceBench } from "../harness.ts";

export const settleCases = casesOf("settle", [
  {
    name: "a completed job has its result and its end, and stays so",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const startedAt = clock.date();
      const claim = await claimOne(store);
      clock.advance(25);
      const result = { sent: [1, "zwei", { drei: null }] };
      assert.equal(await settleOne(store, claim, moves.complete(result)), "settled");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.result, job.error], ["completed", result, null]);
      assert.deepEqual([job.attempt, job.worker], [1, "worker-1"]);
      assert.deepEqual([job.startedAt, job.finishedAt], [startedAt, clock.date()]);
    },
  },
  {
    name: "a result of any size and any characters comes back as it was",
    guarantees: ["G3"],
    async run({ store }) {
      const results = ["", "0000000000000001", '"\\\u2028\u0000😀ü', "x".repeat(300_000), [], 0, false, null];
      await enqueueAll(store, requests(results.length));
      const claims = await claimSome(store, results.length);
      const settlements = claims.map((claim, i) => ({ ...refOf(claim), move: moves.complete(results[i] ?? null) }));
      assert.deepEqual(new Set(await store.settle(settlements)), new Set(["settled"]));
      const jobs = await store.get(claims.map(({ job }) => job.id));
      assert.deepEqual(
        jobs.map((job) => job?.result),
        results,
      );
    },
  },
  {
    name: "a failed job has its error and no result",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const error = anError({ name: "TypeError", message: "no such person", permanent: true });
      const move: Move = { to: "done", state: "failed", result: null, error, reason: null };
      assert.equal(await settleOne(store, claim, move), "settled");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.result, job.error], ["failed", null, error]);
      assert.deepEqual(job.finishedAt, clock.date());
    },
  },
  {
    name: "a job cancelled by its own handler says why",
    guarantees: ["G7"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      assert.equal(await settleOne(store, await claimOne(store), moves.cancel("not needed")), "settled");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.cancelReason], ["cancelled", "not needed"]);
    },
  },
  {
    name: "a failed attempt waits out its backoff, counted and on record, and runs again",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const first = await claimOne(store);
      const startedAt = clock.date();
      clock.advance(5);
      const endedAt = clock.date();
      assert.equal(await settleOne(store, first, moves.retry(2_000, "busy")), "settled");
      const waiting = await read(store, id);
      assert.deepEqual([waiting.state, waiting.attempt, waiting.error?.message], ["scheduled", 1, "busy"]);
      assert.deepEqual(waiting.runAt, clock.date(2_000));
      assert.equal(waiting.finishedAt, null);
      clock.advance(1_999);
      assert.equal((await store.promote(10)).count, 0);
      clock.advance(1);
      assert.equal((await store.promote(10)).count, 1);
      const second = await claimOne(store, { worker: "worker-2" });
      assert.equal(second.lease.attempt, 2);
      assert.deepEqual(await store.attempts(id), [
        {
          attempt: 1,
          token: first.lease.token,
          worker: "worker-1",
          startedAt,
          endedAt,
          ending: "failed",
          error: anError({ message: "busy" }),
        },
      ]);
      await settleOne(store, second, moves.complete());
      assert.equal((await read(store, id)).error, null, "what was overcome is no longer the job's error");
    },
  },
  {
    name: "snooze and release give the attempt back, and the token grows all the same",
    guarantees: ["G2"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store, { maxAttempts: 1 });
      let lastToken = 0;
      for (const move of [moves.snooze(100), moves.release(), moves.snooze(100), moves.release()]) {
        const claim = await claimOne(store);
        assert.equal(claim.lease.attempt, 1);
        assert.ok(claim.lease.token > lastToken, "the token grows");
        lastToken = claim.lease.token;
        assert.equal(await settleOne(store, claim, move), "settled");
        const job = await read(store, id);
        assert.deepEqual([job.state, job.attempt], [move.to === "ready" ? "queued" : "scheduled", 0]);
        clock.advance(100);
        await store.promote(10);
      }
      const records = await store.attempts(id);
      assert.deepEqual(
        records.map(({ ending }) => ending),
        ["snoozed", "released", "snoozed", "released"],
      );
      const tokens = records.map(({ token }) => token);
      assert.deepEqual(
        tokens,
        tokens.toSorted((a, b) => a - b),
        "oldest first",
      );
    },
  },
  {
    name: "a released job has its old place, in front of those that came later",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const first = await enqueueOne(store);
      clock.advance(10);
      await enqueueOne(store);
      await settleOne(store, await claimOne(store), moves.release());
      assert.equal((await claimOne(store)).job.id, first.id);
    },
  },
  ...Object.entries({
    complete: moves.complete("x"),
    fail: moves.fail("x"),
    retry: moves.retry(1_000),
    snooze: moves.snooze(1_000),
    release: moves.release(),
  }).map(([name, move]) => ({
    name: `${name} sent twice answers settled twice, and a different outcome the second time is lost`,
    guarantees: ["G2", "G6"] as const,
    async run({ store }: ConformanceBench) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      assert.equal(await settleOne(store, claim, move), "settled");
      const after = await read(store, id);
      assert.equal(await settleOne(store, claim, move), "settled", "the answer to the first may have been lost");
      const other = name === "complete" ? moves.fail() : moves.complete();
      assert.equal(await settleOne(store, claim, other), "lost");
      assert.deepEqual(await read(store, id), after);
      assert.equal((await store.attempts(id)).length, move.to === "done" ? 0 : 1, "it is on record once");
    },
  })),
  {
    name: "a failed attempt reported again after the next has begun answers settled and touches nothing",
    guarantees: ["G2"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const first = await claimOne(store);
      await settleOne(store, first, moves.retry(0));
      await store.promote(10);
      const second = await claimOne(store, { worker: "worker-2" });
      assert.equal(await settleOne(store, first, moves.retry(0)), "settled");
      const job = await read(store, id);
      assert.deepEqual([job.state, job.worker, job.attempt], ["running", "worker-2", 2]);
      assert.equal(await settleOne(store, second, moves.complete()), "settled");
    },
  },
  {
    name: "a failed attempt reported again after its job was cancelled answers settled, for it was written",
    guarantees: ["G2", "G7"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      await settleOne(store, claim, moves.retry(1_000));
      await store.cancel([{ id, by: null, reason: null }]);
      assert.equal(await settleOne(store, claim, moves.retry(1_000)), "settled");
      assert.equal(await settleOne(store, claim, moves.complete()), "lost");
    },
  },
  {
    name: "a worker that lost its job before somebody cancelled it is told that it is lost",
    guarantees: ["G2", "G7"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_001);
      await store.rescue(10);
      await store.cancel([{ id, by: null, reason: null }]);
      assert.equal(await settleOne(store, claim, moves.complete()), "lost");
    },
  },
  {
    name: "each settlement of a batch is guarded on its own",
    guarantees: ["G2"],
    async run({ store, clock }) {
      await enqueueAll(store, requests(4));
      const [a, b, c, d] = await claimSome(store, 4, { leaseMs: 1_000 });
      assert.ok(a && b && c && d);
      await store.heartbeat("worker-1", [refOf(a), refOf(c)], 60_000);
      clock.advance(1_001);
      await store.rescue(10);
      const list = [a, b, c, d].map((claim) => ({ ...refOf(claim), move: moves.complete() }));
      const stranger = { job: nextJobId(), token: 1, move: moves.complete() };
      assert.deepEqual(await store.settle([...list, stranger]), ["settled", "lost", "settled", "lost", "lost"]);
      const counts = await store.counts({});
      assert.deepEqual([counts.completed, counts.queued], [2, 2]);
      assert.deepEqual(await store.settle([]), []);
    },
  },
  {
    name: "one attempt settled twice in one batch is settled once, by the first",
    guarantees: ["G6"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const ref = refOf(await claimOne(store));
      const list = [moves.complete(1), moves.complete(1), moves.fail()].map((move) => ({ ...ref, move }));
      assert.deepEqual(await store.settle(list), ["settled", "settled", "lost"]);
      assert.equal((await read(store, id)).state, "completed");
      const other = await enqueueOne(store);
      const next = refOf(await claimOne(store));
      const reversed = [moves.fail(), moves.complete(1)].map((move) => ({ ...next, move }));
      assert.deepEqual(await store.settle(reversed), ["settled", "lost"]);
      assert.equal((await read(store, other.id)).state, "failed");
    },
  },
  {
    name: "a token that was never given out settles nothing, neither waiting nor running",
    guarantees: ["G2"],
    async run({ store }) {
      const waiting = await enqueueOne(store);
      for (const token of [-1, 0, 1, 2]) {
        assert.deepEqual(await store.settle([{ job: waiting.id, token, move: moves.complete() }]), ["lost"]);
      }
      const { lease } = await claimOne(store);
      for (const token of [lease.token - 1, lease.token + 1, lease.token + 0.5, 0, Number.MAX_SAFE_INTEGER]) {
        assert.deepEqual(await store.settle([{ job: waiting.id, token, move: moves.complete() }]), ["lost"]);
      }
      for (const job of ["job_1", `${waiting.id}0`, waiting.id.toUpperCase() as JobId] as const) {
        assert.deepEqual(await store.settle([{ job, token: lease.token, move: moves.complete() }]), ["lost"]);
      }
      assert.equal((await read(store, waiting.id)).state, "running");
    },
  },
  {
    name: "a finished job never changes, whoever tries and however",
    guarantees: ["G6"],
    async run({ store, clock }) {
      const jobs = await enqueueAll(store, requests(3));
      const claims = await claimSome(store, 3, { leaseMs: 1_000 });
      const endings = [moves.complete(42), moves.fail("broken"), moves.cancel("no")];
      await store.settle(claims.map((claim, i) => ({ ...refOf(claim), move: endings[i] ?? moves.complete() })));
      const ids = jobs.map(({ id }) => id);
      const ended = await store.get(ids);
      clock.advance(5_000);
      for (const move of [moves.retry(0), moves.snooze(0), moves.release()]) {
        for (const claim of claims) assert.equal(await settleOne(store, claim, move), "lost");
      }
      const reports = claims.map((claim) => ({ ...refOf(claim), progress: { percent: 1, message: null }, lines: [] }));
      assert.deepEqual(await store.report(reports), ["lost", "lost", "lost"]);
      assert.deepEqual(await store.heartbeat("worker-1", claims.map(refOf), 1_000), ["lost", "lost", "lost"]);
      await store.cancel(ids.map((id) => ({ id, by: "late", reason: "late" })));
      await store.rescue(10);
      await store.promote(10);
      await store.removeWorker("worker-1");
      assert.deepEqual(await store.get(ids), ended);
      assert.deepEqual(await claimSome(store, 10), []);
    },
  },
  {
    name: "the second attempt's result stands when the first one's comes late",
    guarantees: ["G2", "G6"],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const stale = await claimOne(store, { leaseMs: 1_000 });
      clock.advance(1_001);
      await store.rescue(10);
      await settleOne(store, await claimOne(store, { worker: "worker-2" }), moves.complete("second"));
      assert.equal(await settleOne(store, stale, moves.complete("first")), "lost");
      assert.equal((await read(store, id)).result, "second");
    },
  },
  {
    name: "promote moves at most its limit, in order, and says when to come again",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const delays = [300, 100, 200, 900];
      await enqueueAll(
        store,
        delays.map((delayMs) => aRequest({ delayMs })),
      );
      assert.deepEqual(await store.promote(10), { count: 0, nextInMs: 100 });
      clock.advance(500);
      assert.equal((await store.promote(2)).count, 2);
      assert.deepEqual(await store.promote(2), { count: 1, nextInMs: 400 });
      clock.advance(400);
      assert.deepEqual(await store.promote(2), { count: 1, nextInMs: null });
    },
  },
]);
