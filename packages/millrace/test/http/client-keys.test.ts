import { randomBytes } from "node:crypto";
import { openMillrace } from "millrace";
import { MillraceClient } from "millrace/client";
import { expect, it, onTestFinished } from "vitest";
import { aServer, API_KEY } from "./bench.ts";

async function aClient(): Promise<{ readonly client: MillraceClient; readonly as: (key: string) => MillraceClient }> {
  const mill = await openMillrace("memory:", { secretKey: randomBytes(32).toString("hex") });
  onTestFinished(() => mill.close());
  const { fetch } = await aServer({ mill });
  const as = (key: string): MillraceClient => new MillraceClient({ url: "http://server", key, fetch });
  return { client: as(API_KEY), as };
}

it("the client makes, lists and revokes keys", async () => {
  const { client, as } = await aClient();
  const { key, ...made } = await client.createKey({ name: "ada", role: "admin", org: "acme" });
  expect(await client.keys()).toEqual([]);
  expect(await client.keys({ org: "acme" })).toEqual([made]);
  expect(await as(key).enqueue("k")).toMatchObject({ org: "acme", createdBy: "ada" });
  expect((await client.revokeKey(made.id, { org: "acme" })).revokedAt).not.toBeNull();
  await expect(as(key).list()).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(client.revokeKey(made.id)).rejects.toMatchObject({ code: "key_not_found" });
});

it("the client makes, lists and removes webhooks", async () => {
  const { client } = await aClient();
  const { secret, ...made } = await client.createWebhook({ url: "https://example.com/hook", events: ["failed"] });
  expect(secret).toMatch(/^whsec_/);
  expect(await client.webhooks()).toEqual([made]);
  await client.removeWebhook(made.id);
  expect(await client.webhooks()).toEqual([]);
  await expect(client.removeWebhook(made.id)).rejects.toMatchObject({ code: "webhook_not_found" });
});
