import assert from "node:assert/strict";
import { enqueueOne, ORG } from "../factory.ts";
import { casesOf } from "../harness.ts";

const HOUR_MS = 3_600_000;
import { aWebhook } from "../server-factory.ts";

export const webhookCases = casesOf("webhooks", [
  {
    name: "a webhook reads back as it was added",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const { cursor } = await store.events(ORG, null, 1);
      const some = aWebhook("a", { events: ["completed", "failed"], createdBy: "ada", cursor });
      const all = aWebhook("b", { events: null, cursor });
      assert.deepEqual(await store.addWebhook(some), { ...some, createdAt: clock.date() });
      clock.advance(10);
      assert.deepEqual(await store.addWebhook(all), { ...all, createdAt: clock.date() });
      const stored = [
        { ...some, createdAt: clock.date(-10) },
        { ...all, createdAt: clock.date() },
      ];
      assert.deepEqual(await store.webhooks(ORG), stored);
    },
  },
  {
    name: "a webhook that is sent again is the one that was written, wherever its cursor stands by then",
    guarantees: [],
    async run({ store, clock }) {
      const hook = await store.addWebhook(aWebhook("a", { cursor: "1.0" }));
      clock.advance(10);
      await store.advanceWebhook(hook.id, "1.0", "2.0");
      assert.deepEqual(await store.addWebhook(aWebhook("a", { cursor: "1.0" })), { ...hook, cursor: "2.0" });
      await assert.rejects(store.addWebhook(aWebhook("a", { org: "umbrella" })));
      assert.equal((await store.webhooks(null)).length, 1);
    },
  },
  {
    name: "webhooks are listed oldest first, of one organisation or of all",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const first = await store.addWebhook(aWebhook("c"));
      clock.advance(10);
      const second = await store.addWebhook(aWebhook("b", { org: "umbrella" }));
      clock.advance(10);
      const third = await store.addWebhook(aWebhook("a"));
      assert.deepEqual(await store.webhooks(ORG), [first, third]);
      assert.deepEqual(await store.webhooks("umbrella"), [second]);
      assert.deepEqual(await store.webhooks("nobody"), []);
      assert.deepEqual(await store.webhooks(null), [first, second, third]);
    },
  },
  {
    name: "a webhook is removed once, and only for its organisation",
    guarantees: ["G8"],
    async run({ store }) {
      const hook = await store.addWebhook(aWebhook("a"));
      const other = await store.addWebhook(aWebhook("b"));
      assert.equal(await store.removeWebhook("umbrella", hook.id), false);
      assert.equal(await store.removeWebhook(ORG, hook.id), true);
      assert.equal(await store.removeWebhook(ORG, hook.id), false);
      assert.deepEqual(await store.webhooks(null), [other]);
      assert.equal(await store.advanceWebhook(hook.id, hook.cursor, "5.0"), false);
    },
  },
  {
    name: "a webhook's cursor moves on from where it stands, and from nowhere else",
    guarantees: ["G1"],
    async run({ store }) {
      const hook = await store.addWebhook(aWebhook("a", { cursor: "1.0" }));
      const other = await store.addWebhook(aWebhook("b", { cursor: "1.0" }));
      assert.equal(await store.advanceWebhook(hook.id, "1.0", "2.3"), true);
      assert.equal(await store.advanceWebhook(hook.id, "1.0", "9.9"), false, "another process has moved it");
      const cursors = (await store.webhooks(ORG)).map(({ id, cursor }) => [id, cursor]);
      assert.deepEqual(
        new Map(cursors as [string, string][]),
        new Map([
          [hook.id, "2.3"],
          [other.id, "1.0"],
        ]),
      );
      assert.equal(await store.advanceWebhook(hook.id, "2.3", "3.0"), true);
    },
  },
  {
    name: "events are kept for an hour, and for three days while there is a webhook that may not have read them",
    guarantees: ["G3"],
    async run({ store, clock }) {
      const { cursor } = await store.events(ORG, null, 1);
      const { id } = await store.addWebhook(aWebhook("a", { cursor }));
      await enqueueOne(store);
      const kept = async (): Promise<number> => (await store.events(ORG, cursor, 10)).events.length;
      clock.advance(72 * HOUR_MS - 1);
      await store.prune(10);
      assert.equal(await kept(), 1);
      clock.advance(2);
      await store.prune(10);
      assert.equal(await kept(), 0);
      await enqueueOne(store);
      await store.removeWebhook(ORG, id);
      clock.advance(HOUR_MS - 1);
      await store.prune(10);
      assert.equal(await kept(), 1);
      clock.advance(2);
      await store.prune(10);
      assert.equal(await kept(), 0);
    },
  },
  {
    name: "of many that move one cursor at the same moment one does",
    guarantees: ["G1"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const stores = [store, await openAnother(), await openAnother()];
      const { id } = await store.addWebhook(aWebhook("a", { cursor: "0" }));
      for (let round = 0; round < 5; round++) {
        const tries = Array.from({ length: 12 }, async (_, n) =>
          (stores[n % 3] ?? store).advanceWebhook(id, String(round), String(round + 1)),
        );
        assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
      }
    },
  },
]);
