import assert from "node:assert/strict";
import { ORG } from "../factory.ts";
import { casesOf } from "../harness.ts";
import { anApiKey, digestOf } from "../server-factory.ts";

export const apiKeyCases = casesOf("api keys", [
  {
    name: "a key is found by its digest, with all that is known of it",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const added = await store.addApiKey(anApiKey("a", { role: "admin", createdBy: "ada" }));
      const expected = { id: "key_a", org: ORG, name: "deploy", role: "admin", createdBy: "ada" };
      assert.deepEqual(added, { ...expected, createdAt: clock.date(), revokedAt: null });
      const other = await store.addApiKey(anApiKey("b", { org: "umbrella" }));
      const digests = [digestOf("b"), digestOf("unknown"), digestOf("a"), digestOf("b")];
      assert.deepEqual(await store.openApiKeys(digests), [other, null, added, other]);
      assert.deepEqual(await store.openApiKeys([]), []);
    },
  },
  {
    name: "a key that is sent again is the one that was written, and another one of its id is refused",
    guarantees: [],
    async run({ store, clock }) {
      const key = await store.addApiKey(anApiKey("a"));
      clock.advance(10);
      assert.deepEqual(await store.addApiKey(anApiKey("a")), key);
      await assert.rejects(store.addApiKey(anApiKey("a", { digest: digestOf("b") })));
      assert.deepEqual(await store.apiKeys(null), [key]);
      assert.deepEqual(await store.openApiKeys([digestOf("a"), digestOf("b")]), [key, null]);
    },
  },
  {
    name: "a revoked key opens nothing, on any connection, and the first revocation stands",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const key = await store.addApiKey(anApiKey("a"));
      await store.addApiKey(anApiKey("b"));
      clock.advance(1_000);
      const revoked = { ...key, revokedAt: clock.date() };
      assert.deepEqual(await store.revokeApiKey(ORG, key.id), revoked);
      clock.advance(1_000);
      assert.deepEqual(await store.revokeApiKey(ORG, key.id), revoked);
      assert.deepEqual(await store.revokeApiKey(null, key.id), revoked);
      const [closed, open] = await store.openApiKeys([digestOf("a"), digestOf("b")]);
      assert.deepEqual([closed, open?.id], [null, "key_b"], "the other one still opens");
    },
  },
  {
    name: "a key that one connection has revoked opens nothing for another",
    guarantees: ["G8"],
    needs: ["isShared"],
    async run({ store, openAnother }) {
      const another = await openAnother();
      const key = await store.addApiKey(anApiKey("a"));
      assert.deepEqual(await another.openApiKeys([digestOf("a")]), [key]);
      await store.revokeApiKey(ORG, key.id);
      assert.deepEqual(await another.openApiKeys([digestOf("a")]), [null]);
      assert.deepEqual(await another.areApiKeysGood([key.id]), [false]);
    },
  },
  {
    name: "a key is revoked for its own organisation, or for whoever asks for any, and for no other",
    guarantees: ["G8"],
    async run({ store }) {
      const key = await store.addApiKey(anApiKey("a"));
      assert.equal(await store.revokeApiKey("umbrella", key.id), null);
      assert.equal(await store.revokeApiKey(ORG, "key_unknown"), null);
      assert.deepEqual(await store.openApiKeys([digestOf("a")]), [key], "it still opens");
      assert.notEqual(await store.revokeApiKey(null, key.id), null);
      assert.deepEqual(await store.openApiKeys([digestOf("a")]), [null]);
    },
  },
  {
    name: "keys are listed newest first, of one organisation or of all, the revoked ones too",
    guarantees: ["G8"],
    async run({ store, clock }) {
      const first = await store.addApiKey(anApiKey("c"));
      clock.advance(10);
      const second = await store.addApiKey(anApiKey("b", { org: "umbrella" }));
      clock.advance(10);
      const third = await store.addApiKey(anApiKey("a"));
      const revoked = await store.revokeApiKey(ORG, first.id);
      assert.deepEqual(await store.apiKeys(ORG), [third, revoked]);
      assert.deepEqual(await store.apiKeys("umbrella"), [second]);
      assert.deepEqual(await store.apiKeys("nobody"), []);
      assert.deepEqual(await store.apiKeys(null), [third, second, revoked]);
    },
  },
  {
    name: "whether keys are good is answered for each, in order: not when revoked, not when unknown",
    guarantees: ["G8"],
    async run({ store }) {
      for (const name of ["a", "b"]) await store.addApiKey(anApiKey(name));
      await store.revokeApiKey(ORG, "key_a");
      const ids = ["key_b", "key_a", "key_unknown", "key_b"];
      assert.deepEqual(await store.areApiKeysGood(ids), [true, false, false, true]);
      assert.deepEqual(await store.areApiKeysGood([]), []);
    },
  },
]);
