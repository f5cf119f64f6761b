import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import type { Store } from "../../core/store.ts";
import type { TransferRecord } from "../../core/transfer.ts";
import {
  aRequest,
  claimSome,
  enqueueAll,
  enqueueOne,
  moves,
  ORG,
  QUEUE,
  refOf,
  requests,
  settleOne,
} from "../factory.ts";
import { anApiKey, aWebhook, keepArtifact } from "../server-factory.ts";
import type { VirtualClock } from "../virtual-clock.ts";

const LEASE_MS = 30_000;

/** Everything that an export, or an import that is under way, reads. */
export async function readAll(reader: {
  pages(): AsyncIterable<readonly TransferRecord[]>;
}): Promise<readonly TransferRecord[]> {
  const records: TransferRecord[] = [];
  for await (const page of reader.pages()) records.push(...page);
  return records;
}

export async function recordsOf(store: Store): Promise<readonly TransferRecord[]> {
  const reader = await store.openExport();
  try {
    return await readAll(reader);
  } finally {
    await reader.close();
  }
}

/** Fill a store with records, all of which must fit, and none of which may break a guarantee. */
export async function writeAll(target: Store, records: readonly TransferRecord[]): Promise<void> {
  const writer = await target.openImport();
  try {
    assert.equal(await writer.write(records), null);
    assert.deepEqual((await writer.audit()).violations, []);
    await writer.commit();
  } finally {
    await writer.close();
  }
}

/** Carry everything from one store into another. Answers what was carried. */
export async function carry(source: Store, target: Store): Promise<readonly TransferRecord[]> {
  const records = await recordsOf(source);
  await writeAll(target, records);
  return records;
}

export function aSchedule(clock: VirtualClock): Parameters<Store["putSchedule"]>[0] {
  const { id: _, ...request } = aRequest({ kind: "report", payload: '{"of":"the day"}', tags: { by: "clock" } });
  const nextAt = clock.date(60_000);
  const payload = JSON.parse(request.payload) as unknown;
  return { org: ORG, name: "nightly", cron: "0 2 * * *", timeZone: "UTC", kind: "report", payload, request, nextAt };
}

/** Every place, every ending and every fact that a job can have, in two organisations. Answers the jobs. */
export async function fillWithEverything(store: Store, clock: VirtualClock): Promise<readonly JobId[]> {
  const retention = { completedMs: 1_000, failedMs: null };
  const backoff = { type: "exponential", delayMs: 5, jitter: 0 } as const;
  await store.configureQueue(ORG, "paused", { isPaused: true, settings: { maxAttempts: 9, backoff, retention } });
  await store.configureQueue("umbrella", "metrics", { settings: { numbered: false, timeoutMs: null } });
  await store.adoptNumbers(ORG, "empty scope", 77);
  await store.putSchedule(aSchedule(clock));
  const payload = JSON.stringify({ to: "Ðóra 🐙", tab: "\t\u0001", list: [1.5, null], nested: { "10": 1, a: 2 } });
  const jobs = await enqueueAll(store, [
    aRequest({
      companion: { sealed: "c2VhbGVk", trace: null },
      payload,
      priority: 5,
      key: "ключ",
      group: "новости",
      tags: { customer: "7", urgent: "" },
      requires: ["gpu", "threads>=8"],
      fairKey: "客户",
      maxAttempts: 7,
      timeoutMs: 12_345,
      backoff: { type: "fixed", delayMs: 10 },
      createdBy: "ada",
    }),
    aRequest({ queue: "paused", scope: "elsewhere", delayMs: 90_000, companion: { sealed: null, trace: "00-1-2-01" } }),
    aRequest({ org: "umbrella", queue: "metrics", payload: "null" }),
    aRequest({ runAt: clock.date(1_000_000), kind: "cancelled.waiting" }),
    ...requests(7, { maxAttempts: 4, companion: { sealed: "secret", trace: "00-3-4-01" } }),
  ]);
  const ids = jobs.map(({ id }) => id);
  await store.cancel([{ id: ids[3] as JobId, by: "bob", reason: "" }]);
  clock.advance(5);
  const claims = await claimSome(store, 7, { leaseMs: LEASE_MS });
  const lines = [
    { stream: "stdout" as const, text: "första raden" },
    { stream: "stderr" as const, text: "" },
  ];
  for (const claim of claims) {
    await store.report([{ ...refOf(claim), progress: { percent: 33.3, message: "ein Drittel" }, lines }]);
    for (const name of ["b.txt", "ä", "Z"]) await keepArtifact(store, claim.job.id, name, {}, refOf(claim));
    clock.advance(3);
  }
  const ways = [moves.complete({ ok: "✓" }), moves.complete(), moves.fail(), moves.cancel("why"), moves.retry(60_000)];
  for (const [i, move] of ways.entries()) await settleOne(store, claims[i] as never, move);
  await settleOne(store, claims[5] as never, moves.release());
  await store.cancel([{ id: (claims[6] as (typeof claims)[number]).job.id, by: null, reason: null }]);
  await settleOne(store, claims[6] as never, moves.complete());
  const retry = await enqueueOne(store, { retryOf: ids[4] as JobId });
  await store.number(ORG, QUEUE, 2);
  await keepArtifact(store, ids[1] as JobId, "out", { size: 1_000_000_000_000, createdBy: "ada" });
  await store.addApiKey(anApiKey("b"));
  await store.addApiKey(anApiKey("a", { org: "umbrella", createdBy: "ada" }));
  await store.revokeApiKey(ORG, "key_b");
  await store.addWebhook(aWebhook("b"));
  await store.addWebhook(aWebhook("a", { org: "umbrella", events: ["completed", "failed"] }));
  clock.advance(LEASE_MS + 1);
  return [...ids, retry.id];
}
