import assert from "node:assert/strict";
import type { Job, JobId } from "../../core/job.ts";
import type { Store } from "../../core/store.ts";
import type { TransferRecord } from "../../core/transfer.ts";
import {
  aRequest,
  claimOne,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  numbersOf,
  nextJobId,
  ORG,
  read,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { casesOf, type ConformanceCase } from "../harness.ts";
import { aSchedule, carry, fillWithEverything, recordsOf, writeAll } from "./carrying.ts";

/** A store that nobody else can open is nothing to carry data from, or to. */
const needs = ["isShared"] as const;
const LEASE_MS = 30_000;

/** What is carried from one store to another. */
export const transferCases: readonly ConformanceCase[] = casesOf("transfer", [
  {
    name: "what is exported from one store and imported into another reads the same in both",
    guarantees: ["G3", "G4", "G5", "G6"],
    needs,
    async run({ store, clock, openEmpty }) {
      const ids = await fillWithEverything(store, clock);
      const target = await openEmpty();
      const sent = await carry(store, target);
      assert.deepEqual(await recordsOf(target), sent, "an export of the copy is that of the original");
      assert.deepEqual(await target.get(ids), await store.get(ids));
      for (const id of ids) {
        assert.deepEqual(await target.attempts(id), await store.attempts(id));
        const page = { after: 0, limit: 100 };
        assert.deepEqual(await target.logs(id, page), await store.logs(id, page));
        assert.deepEqual(await target.artifacts(id), await store.artifacts(id));
      }
      for (const org of [ORG, "umbrella"]) {
        assert.deepEqual(await target.queues(org), await store.queues(org));
        assert.deepEqual(await target.schedules(org), await store.schedules(org));
        assert.deepEqual(await target.counts({ org }), await store.counts({ org }));
        assert.deepEqual(await target.apiKeys(org), await store.apiKeys(org));
      }
      const list = { limit: 100, cursor: null };
      const order = async (each: Store): Promise<readonly JobId[]> =>
        (await each.list({}, list)).jobs.map(({ id }) => id);
      assert.deepEqual(await order(target), await order(store));
      assert.deepEqual((await target.list({ tag: "customer=7" }, list)).jobs.length, 1);
    },
  },
  {
    name: "work goes on in the new store where it stood: numbers, turns, keys, due times, schedules",
    guarantees: ["G4", "G12"],
    needs,
    async run({ store, clock, openEmpty }) {
      const jobs = await enqueueAll(store, [
        aRequest({ priority: -1 }),
        aRequest({ key: "k", payload: "1" }),
        aRequest({ delayMs: 5_000 }),
        aRequest({ priority: 7 }),
      ]);
      await store.number(ORG, "invoices", 41);
      await store.putSchedule(aSchedule(clock));
      const target = await openEmpty();
      await carry(store, target);
      const again = await target.enqueue([aRequest({ key: "k", payload: "1" }), aRequest({ key: "k", payload: "2" })]);
      assert.deepEqual(
        again.map(({ status }) => status),
        ["existing", "duplicate"],
      );
      assert.equal((await enqueueOne(target)).number, 5);
      assert.equal(await target.number(ORG, "invoices", 1), 42);
      assert.equal((await target.promote(10)).count, 0);
      clock.advance(5_000);
      assert.equal((await target.promote(10)).count, 1);
      const [low, keyed, delayed, high] = jobs.map(({ id }) => id);
      const claimed = (await claimSome(target, 10)).map(({ job }) => job.id);
      assert.deepEqual(
        claimed.filter((id) => jobs.some((job) => job.id === id)),
        [high, keyed, delayed, low],
      );
      clock.advance(60_000);
      const fired = await target.fireSchedules(({ request }) => ({
        request: { ...request, id: nextJobId() },
        nextAt: null,
      }));
      assert.equal(fired.count, 1);
    },
  },
  {
    name: "the token of a job goes on growing in the new store",
    guarantees: ["G2"],
    needs,
    async run({ store, openEmpty }) {
      const { id } = await enqueueOne(store);
      for (const move of [moves.release(), moves.snooze(0), moves.release()]) {
        await settleOne(store, await claimOne(store), move);
        await store.promote(10);
      }
      const target = await openEmpty();
      await carry(store, target);
      const claim = await claimOne(target);
      assert.deepEqual([claim.job.id, claim.lease.token, claim.job.attempt], [id, 4, 1]);
    },
  },
  {
    name: "a running job is carried as one whose lease was lost, and its old worker can write nothing in the new store",
    guarantees: ["G2", "G3"],
    needs,
    async run({ store, clock, openEmpty }) {
      const [waits, lastTry, cancelled] = await enqueueAll(store, [
        aRequest(),
        aRequest({ maxAttempts: 1 }),
        aRequest({ kind: "cancelled" }),
      ]);
      const claims = await claimSome(store, 3, { leaseMs: LEASE_MS });
      await store.report([{ ...refOf(claims[0] as never), progress: { percent: 40, message: "so far" }, lines: [] }]);
      await store.cancel([{ id: cancelled?.id as JobId, by: "ada", reason: "no need" }]);
      clock.advance(10);
      const target = await openEmpty();
      await carry(store, target);
      const [again, failed, ended] = await target.get([waits, lastTry, cancelled].map((job) => job?.id as JobId));
      assert.deepEqual([again?.state, again?.attempt, again?.worker], ["queued", 1, "worker-1"]);
      assert.deepEqual([failed?.state, failed?.error?.name], ["failed", "LeaseLostError"]);
      assert.deepEqual(
        [ended?.state, ended?.cancelledBy, ended?.cancelReason, ended?.finishedAt],
        ["cancelled", "ada", "no need", clock.date()],
      );
      const [attempt] = await target.attempts(waits?.id as JobId);
      assert.deepEqual([attempt?.ending, attempt?.token, attempt?.endedAt], ["lost", 1, clock.date()]);
      const refs = claims.map((claim) => refOf(claim));
      assert.deepEqual(
        await target.settle(refs.map((ref) => ({ ...ref, move: moves.complete() }))),
        ["lost", "lost", "cancelled"],
        "the one that was to be cancelled has been, as its worker will hear",
      );
      assert.deepEqual(await target.heartbeat("worker-1", refs, LEASE_MS), ["lost", "lost", "lost"]);
      assert.equal((await claimOne(target)).lease.token, 2);
      assert.equal((await read(store, waits?.id as JobId)).state, "running", "the old store is as it was");
    },
  },
  {
    name: "a ticket is carried into whichever place it lies in",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const jobs = await enqueueAll(store, requests(3));
      for (const move of [moves.release(), moves.release(), moves.release(), moves.retry(0)]) {
        const claims = await claimSome(store, 3);
        await store.settle(claims.map((claim) => ({ ...refOf(claim), move })));
      }
      const places = ["blocked", "ready", "scheduled"] as const;
      const records = (await recordsOf(store)).map((record): TransferRecord => {
        if (record.type !== "job" || record.ticket.place === "done") return record;
        const place = places[jobs.findIndex(({ id }) => id === record.id)] ?? "ready";
        return { ...record, ticket: { ...record.ticket, place } };
      });
      const target = await openEmpty();
      await writeAll(target, records);
      assert.deepEqual(await recordsOf(target), records);
      const states = (await target.get(jobs.map(({ id }) => id))).map((job) => [job?.state, job?.attempt]);
      assert.deepEqual(states, [
        ["blocked", 1],
        ["queued", 1],
        ["scheduled", 1],
      ]);
      assert.equal((await claimOne(target)).lease.token, 5);
    },
  },
  {
    name: "numbers that were given at commits, and so are not in the order of the jobs, are carried as they are",
    guarantees: ["G4"],
    needs,
    async run({ store, openEmpty }) {
      const jobs = await enqueueAll(store, requests(3));
      const records = (await recordsOf(store)).map((record): TransferRecord =>
        record.type === "job" ? { ...record, number: 4 - (record.number ?? 0) } : record,
      );
      const target = await openEmpty();
      await writeAll(target, records);
      assert.deepEqual(await numbersOf(target, jobs), [3, 2, 1]);
    },
  },
  {
    name: "of two jobs with one key that are carried, the one that has not ended is meant, whichever comes first",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const key = { key: "k", payload: "1" };
      const ended = await enqueueOne(store, key);
      await settleOne(store, await claimOne(store), moves.complete());
      const living = await enqueueOne(store, key);
      const records = await recordsOf(store);
      const unnumbered = records.map((record): TransferRecord => {
        if (record.type === "counter") return { ...record, last: 0 };
        return record.type === "job" ? { ...record, number: null } : record;
      });
      for (const list of [unnumbered, unnumbered.toReversed().toSorted((a, b) => rankOf(a) - rankOf(b))]) {
        const target = await openEmpty();
        await writeAll(target, list);
        const [again] = await target.enqueue([aRequest(key)]);
        assert.equal(again?.status, "existing");
        assert.equal((again as { readonly job: Job }).job.id, living.id);
        assert.equal((await read(target, ended.id)).state, "completed");
      }
    },
  },
]);

/** Queues and counters come before the jobs that name them. */
const rankOf = ({ type }: TransferRecord): number => (type === "job" ? 1 : 0);
