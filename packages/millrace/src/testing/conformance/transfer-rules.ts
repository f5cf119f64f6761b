import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import type { Store } from "../../core/store.ts";
import { noRecords } from "../../core/transfer.ts";
import {
  aRequest,
  aWorker,
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
import { casesOf, type ConformanceCase } from "../harness.ts";
import { anApiKey, aWebhook } from "../server-factory.ts";
import { aSchedule, carry, readAll, recordsOf, writeAll } from "./carrying.ts";

/** A store that nobody else can open is nothing to carry data from, or to. */
const needs = ["isShared"] as const;
const LEASE_MS = 30_000;

/** What an export sees, what an import refuses, and in which order things are carried. */
export const transferRuleCases: readonly ConformanceCase[] = casesOf("transfer", [
  {
    name: "an export tells which jobs run and which workers are there, and a lease that ran out binds nobody",
    guarantees: ["G9"],
    needs,
    async run({ store, clock }) {
      await enqueueAll(store, requests(12));
      await store.registerWorker(aWorker({ id: "worker-2", name: "idle", host: "box", pid: 7 }));
      await claimSome(store, 12, { leaseMs: LEASE_MS });
      const busy = await store.openExport();
      assert.deepEqual([busy.liveWork.runningCount, busy.liveWork.workerCount, busy.lostCount], [12, 2, 12]);
      assert.deepEqual(
        busy.liveWork.running.map(({ scope, number }) => [scope, number]),
        Array.from({ length: 10 }, (_, i) => [QUEUE, i + 1]),
      );
      assert.deepEqual(
        busy.liveWork.workers.find(({ name }) => name === "idle"),
        { name: "idle", host: "box", pid: 7 },
      );
      await busy.close();
      clock.advance(LEASE_MS + 1);
      const quiet = await store.openExport();
      assert.deepEqual([quiet.liveWork.runningCount, quiet.liveWork.workerCount, quiet.lostCount], [0, 0, 12]);
      assert.equal((await readAll(quiet)).filter(({ type }) => type === "attempt").length, 12);
      await quiet.close();
    },
  },
  {
    name: "an export is of one moment, whatever is committed while it is read",
    guarantees: ["G3", "G4"],
    needs,
    async run({ store, clock }) {
      await enqueueAll(store, requests(3));
      const reader = await store.openExport();
      await enqueueAll(store, requests(4, { queue: "later" }));
      await settleOne(store, await claimOne(store), moves.complete());
      const before = await readAll(reader);
      assert.deepEqual(countsOf(before), { ...reader.counts });
      const jobs = before.flatMap((record) => (record.type === "job" ? [[record.number, record.ticket.place]] : []));
      assert.deepEqual(jobs, [
        [1, "ready"],
        [2, "ready"],
        [3, "ready"],
      ]);
      clock.advance(1_000);
      assert.deepEqual(await readAll(reader), before, "it can be read again");
      await reader.close();
      assert.equal((await recordsOf(store)).length, before.length + 4 + 2, "four jobs, a queue and a counter more");
    },
  },
  {
    name: "nothing of an import is seen before its commit, and without one nothing stays",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const { id } = await enqueueOne(store);
      const records = await recordsOf(store);
      const target = await openEmpty();
      const given = await target.openImport();
      assert.equal(await given.write(records), null);
      assert.deepEqual(await readAll(given), records, "the import itself sees it");
      assert.deepEqual((await given.audit()).violations, []);
      assert.deepEqual(await target.get([id]), [null]);
      await given.close();
      assert.deepEqual(await recordsOf(target), []);
      await carry(store, target);
      assert.equal((await read(target, id)).number, 1);
    },
  },
  {
    name: "an import is refused by a store that has anything in it, which is named",
    guarantees: ["G3", "G4"],
    needs,
    async run({ openEmpty, clock }) {
      const uses: readonly (readonly [named: RegExp, use: (store: Store) => Promise<unknown>])[] = [
        [/1 job, 1 queue, 1 counter/, async (store) => enqueueOne(store)],
        [/1 queue/, async (store) => store.configureQueue(ORG, QUEUE, { isPaused: true })],
        [/1 counter/, async (store) => store.adoptNumbers(ORG, "invoices", 7)],
        [/1 schedule/, async (store) => store.putSchedule(aSchedule(clock))],
        [/1 API key/, async (store) => store.addApiKey(anApiKey("a"))],
        [/1 webhook/, async (store) => store.addWebhook(aWebhook("a"))],
      ];
      for (const [named, use] of uses) {
        const target = await openEmpty();
        await use(target);
        await assert.rejects(target.openImport(), { code: "state_conflict", message: named });
      }
      const idle = await openEmpty();
      await idle.registerWorker(aWorker());
      await (await idle.openImport()).close();
    },
  },
  {
    name: "a record that does not fit is named with the reason, and nothing of its import can be kept",
    guarantees: ["G3", "G4"],
    needs,
    async run({ store, openEmpty }) {
      await enqueueAll(store, [aRequest(), aRequest({ key: "k" })]);
      await settleOne(store, await claimOne(store), moves.retry(0));
      const records = await recordsOf(store);
      const [first, second] = records.filter((record) => record.type === "job");
      const attempt = records.find((record) => record.type === "attempt");
      assert.ok(first && second && attempt);
      const unfit: readonly (readonly [problem: RegExp, record: typeof first | typeof attempt])[] = [
        [/a job of this id came before/, { ...first, number: 3 }],
        [/number 1 is that of another job of the scope "mail"/, { ...first, id: nextJobId() }],
        [/the queue "nowhere"/, { ...first, id: nextJobId(), number: 3, queue: "nowhere" }],
        [/the scope "nowhere"/, { ...first, id: nextJobId(), number: 3, scope: "nowhere" }],
        [/its key "k" is that of an earlier job/, { ...second, id: nextJobId(), number: 3 }],
        [/the job "job_/, { ...attempt, job: nextJobId() }],
        [/with the token 1 came before/, attempt],
      ];
      const target = await openEmpty();
      for (const [problem, record] of unfit) {
        const writer = await target.openImport();
        assert.equal(await writer.write(records), null);
        const refusal = await writer.write([{ ...first, id: nextJobId(), number: 2_000, key: null }, record]);
        assert.equal(refusal?.index, 1);
        assert.match(refusal.problem, problem);
        await assert.rejects(writer.commit(), { code: "state_conflict" });
        await writer.close();
      }
      assert.deepEqual(await recordsOf(target), []);
    },
  },
  {
    name: "an import can be audited before its commit",
    guarantees: ["G4"],
    needs,
    async run({ store, openEmpty }) {
      await enqueueAll(store, requests(3));
      const withGap = (await recordsOf(store)).filter((record) => record.type !== "job" || record.number !== 2);
      const writer = await (await openEmpty()).openImport();
      assert.equal(await writer.write(withGap), null);
      const { jobs, violations } = await writer.audit();
      assert.equal(jobs, 2);
      assert.deepEqual(
        violations.map(({ guarantee }) => guarantee),
        ["G4"],
      );
      await writer.close();
    },
  },
  {
    name: "the commit of an import wakes those who wait for jobs",
    guarantees: ["G10"],
    needs,
    async run({ store, openEmpty }) {
      await enqueueOne(store);
      const target = await openEmpty();
      const woken = Promise.withResolvers<void>();
      const stop = target.onChange((changes) => {
        if (changes.has("ready")) void claimSome(target, 1).then(({ length }) => length > 0 && woken.resolve());
      });
      await carry(store, target);
      await woken.promise;
      stop();
    },
  },
  {
    name: "more than a page is carried in its order, and large values apart",
    guarantees: ["G3", "G12"],
    needs,
    async run({ store, openEmpty }) {
      const large = JSON.stringify("ü".repeat(400_000));
      await enqueueAll(store, requests(1_050));
      await enqueueAll(store, requests(12, { payload: large }));
      const claim = await claimOne(store);
      const lines = Array.from({ length: 1_100 }, (_, i) => ({ stream: "stdout" as const, text: `line ${i} ✓` }));
      await store.report([{ ...refOf(claim), progress: null, lines }]);
      await settleOne(store, claim, moves.retry(0));
      const target = await openEmpty();
      const sent = await carry(store, target);
      assert.deepEqual(await recordsOf(target), sent);
      assert.equal((await read(target, claim.job.id)).state, "scheduled");
      const numbers = sent.flatMap((record) => (record.type === "job" ? [record.number] : []));
      assert.deepEqual(
        numbers,
        Array.from({ length: 1_062 }, (_, i) => i + 1),
      );
      const reader = await store.openExport();
      for await (const page of reader.pages()) {
        assert.ok(page.length > 0 && page.length <= 500 && JSON.stringify(page).length < 6_000_000);
      }
      await reader.close();
    },
  },
  {
    name: "jobs that were numbered when their transactions ended are carried in the order of their numbers",
    guarantees: ["G4"],
    needs: ["isShared", "isNumberedAtCommit"],
    async run({ store, transaction, openEmpty }) {
      const [early, late] = [aRequest({ key: "k" }), aRequest()];
      await transaction(async (tx) => {
        await store.within(tx).enqueue([early]);
        await enqueueAll(store, [late]);
      });
      assert.deepEqual([(await read(store, late.id)).number, (await read(store, early.id)).number], [1, 2]);
      for (const claim of await claimSome(store, 2)) {
        await store.report([{ ...refOf(claim), progress: null, lines: [{ stream: "log", text: claim.job.id }] }]);
        await settleOne(store, claim, moves.retry(60_000));
      }
      const target = await openEmpty();
      const sent = await carry(store, target);
      assert.deepEqual(
        sent.flatMap((record) => (record.type === "job" ? [record.id] : "job" in record ? [record.job] : [])),
        [late.id, early.id, late.id, early.id, late.id, early.id],
        "attempts and log lines come in the order of their jobs",
      );
      assert.deepEqual(await recordsOf(target), sent);
    },
  },
  {
    name: "an attempt that an export ends comes behind the kept ones of its job",
    guarantees: ["G2"],
    needs,
    async run({ store, openEmpty }) {
      await enqueueAll(store, requests(4, { maxAttempts: 9 }));
      for (const claim of await claimSome(store, 3)) await settleOne(store, claim, moves.retry(0));
      await store.promote(10);
      await claimSome(store, 2);
      const records = await recordsOf(store);
      const jobs = records.flatMap((record) => (record.type === "job" ? [record.id] : []));
      assert.deepEqual(
        records.flatMap((record) => (record.type === "attempt" ? [[jobs.indexOf(record.job), record.ending]] : [])),
        await expectedAttempts(store, jobs),
      );
      await writeAll(await openEmpty(), records);
    },
  },
]);

/** For each job its kept attempts, and a lost one where it runs. */
async function expectedAttempts(store: Store, jobs: readonly JobId[]): Promise<readonly (readonly [number, string])[]> {
  const expected: [number, string][] = [];
  for (const [i, id] of jobs.entries()) {
    expected.push(...(await store.attempts(id)).map(({ ending }): [number, string] => [i, ending]));
    if ((await read(store, id)).state === "running") expected.push([i, "lost"]);
  }
  assert.ok(
    expected.some(([, ending], i) => ending === "lost" && i < expected.length - 1),
    "one of them lies within",
  );
  return expected;
}

function countsOf(records: Awaited<ReturnType<typeof readAll>>): Record<string, number> {
  const counts: Record<string, number> = noRecords();
  for (const { type } of records) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
