import assert from "node:assert/strict";
import type { Companion } from "../../core/companion.ts";
import type { TransferRecord } from "../../core/transfer.ts";
import { aRequest, claimOne, claimSome, enqueueAll, enqueueOne, moves, ORG, refOf, settleOne } from "../factory.ts";
import { assertSound, casesOf, type ConformanceCase } from "../harness.ts";
import { anApiKey, aWebhook, keepArtifact } from "../server-factory.ts";
import { carry, recordsOf, writeAll } from "./carrying.ts";

/** A store that nobody else can open is nothing to carry data from, or to. */
const needs = ["isShared"] as const;
const LEASE_MS = 30_000;

/** What a server keeps, carried from one store to another. */
export const transferServerCases: readonly ConformanceCase[] = casesOf("transfer", [
  {
    name: "an API key that is carried opens what it opened, and one that was revoked opens nothing",
    guarantees: ["G8"],
    needs,
    async run({ store, openEmpty }) {
      const key = await store.addApiKey(anApiKey("a"));
      await store.addApiKey(anApiKey("b"));
      await store.revokeApiKey(ORG, "key_b");
      const target = await openEmpty();
      await carry(store, target);
      const digests = ["a", "b"].map((name) => anApiKey(name).digest);
      assert.deepEqual(await target.openApiKeys(digests), [key, null]);
      assert.deepEqual(await target.areApiKeysGood(["key_a", "key_b"]), [true, false]);
    },
  },
  {
    name: "a webhook that is carried is told what happens from then on",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const { cursor: old, ...hook } = await store.addWebhook(aWebhook("a", { events: ["enqueued"] }));
      for (let n = 0; n < 3; n++) await enqueueOne(store);
      const target = await openEmpty();
      await carry(store, target);
      const [carried] = await target.webhooks(ORG);
      assert.ok(carried);
      const { cursor, ...rest } = carried;
      assert.deepEqual(rest, hook);
      const next = await enqueueOne(target);
      const { events } = await target.events(ORG, cursor, 10);
      assert.deepEqual(
        events.map(({ job }) => job),
        [next.id],
      );
      assert.equal(await target.advanceWebhook("hook_a", cursor, old), true);
    },
  },
  {
    name: "what travels beside a job is carried with it, unless the transfer ends the job",
    guarantees: ["G6", "G8"],
    needs,
    async run({ store, openEmpty }) {
      const companion: Companion = { sealed: "c2VhbGVk", trace: "00-1-2-01" };
      await enqueueAll(store, [
        aRequest({ companion, priority: 4 }),
        aRequest({ companion, priority: 3, maxAttempts: 1 }),
        aRequest({ companion, priority: 2, kind: "waits" }),
        aRequest({ priority: 1 }),
      ]);
      await claimSome(store, 2, { leaseMs: LEASE_MS });
      const target = await openEmpty();
      const sent = await carry(store, target);
      const beside = sent.flatMap((record) => (record.type === "job" ? [[record.ticket.place, record.companion]] : []));
      assert.deepEqual(beside, [
        ["ready", companion],
        ["done", null],
        ["ready", companion],
        ["ready", null],
      ]);
      const leases = (await claimSome(target, 10)).map(refOf);
      assert.deepEqual(await target.companions(leases), [companion, companion, null]);
      await target.settle(leases.map((lease) => ({ ...lease, move: moves.complete() })));
      await assertSound(target);
    },
  },
  {
    name: "an artifact that is carried lies where it lay, and goes with its job",
    guarantees: ["G3"],
    needs,
    async run({ store, clock, openEmpty }) {
      const { id } = await enqueueOne(store);
      const { place } = await keepArtifact(store, id, "a");
      const target = await openEmpty();
      await carry(store, target);
      assert.deepEqual(await target.artifacts(id), await store.artifacts(id));
      await settleOne(target, await claimOne(target), moves.complete());
      clock.advance(8 * 86_400_000);
      assert.equal((await target.prune(10)).count, 1);
      assert.deepEqual(await target.takeDiscardedPlaces(10, 1_000), [place]);
    },
  },
  {
    name: "more artifacts than a page are carried, in the order of their jobs and names",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const jobs = await enqueueAll(store, [aRequest(), aRequest()]);
      const names = Array.from({ length: 520 }, (_, n) => `${n}`);
      for (const { id } of jobs) await Promise.all(names.map(async (name) => keepArtifact(store, id, name)));
      const target = await openEmpty();
      const sent = await carry(store, target);
      assert.deepEqual(await recordsOf(target), sent);
      const carried = sent.flatMap((record) => (record.type === "artifact" ? [[record.job, record.name]] : []));
      const inOrder = jobs.flatMap(({ id }) => names.toSorted().map((name) => [id, name]));
      assert.deepEqual(carried, inOrder);
    },
  },
  {
    name: "of two keys, webhooks or artifacts that are the same one is refused, and so is one of no job",
    guarantees: ["G3"],
    needs,
    async run({ store, openEmpty }) {
      const { id } = await enqueueOne(store);
      await keepArtifact(store, id, "a");
      await store.addApiKey(anApiKey("a"));
      await store.addWebhook(aWebhook("a"));
      const records = await recordsOf(store);
      const [key, hook, artifact] = (["apiKey", "webhook", "artifact"] as const).map((type) =>
        records.find((record) => record.type === type),
      );
      assert.ok(key && hook && artifact);
      const unfit: readonly (readonly [problem: RegExp, record: TransferRecord])[] = [
        [/an API key of this id/, { ...key, digest: "c".repeat(64) } as TransferRecord],
        [/with this digest/, { ...key, id: "key_other" } as TransferRecord],
        [/a webhook of this id/, hook],
        [/an artifact of this job/, artifact],
        [/the job "job_/, { ...artifact, job: aRequest().id } as TransferRecord],
      ];
      const target = await openEmpty();
      for (const [problem, record] of unfit) {
        const writer = await target.openImport();
        assert.equal(await writer.write(records), null);
        assert.match((await writer.write([record]))?.problem ?? "", problem);
        await writer.close();
      }
      await writeAll(target, records);
    },
  },
]);
