import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolders } from "../cli/temporary-folder.ts";
import { aServer } from "./bench.ts";
import { until } from "./remote-worker.ts";
import { aReceiver } from "./webhook-receiver.ts";
import { addHook, aTeller } from "./webhook-teller.ts";

const folders = temporaryFolders();
const QUEUE = "millrace.webhooks";

describe("a webhook is refused", () => {
  it.each([
    "http://127.0.0.1/",
    "http://localhost:8080/",
    "http://api.localhost/",
    "http://10.1.2.3/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://169.254.169.254/latest/meta-data/",
    "https://user:password@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "example.com/hooks",
  ])("to %s", async (url) => {
    const { ask } = await aTeller({ webhooks: {} });
    expect(await ask("POST", "/v1/webhooks", { url })).toMatchObject({
      status: 400,
      body: { code: "request_invalid" },
    });
  });

  it("to an address that is too long", async () => {
    const { ask } = await aTeller();
    expect((await ask("POST", "/v1/webhooks", { url: `https://example.com/${"x".repeat(2_000)}` })).status).toBe(400);
  });

  it("for events that there are none of, and for none at all", async () => {
    const { ask } = await aTeller();
    for (const events of [["exploded"], [], "completed"]) {
      expect((await ask("POST", "/v1/webhooks", { url: "https://example.com", events })).status).toBe(400);
    }
  });

  it("by a server that has no key to keep its secret under", async () => {
    const { ask } = await aServer({ webhooks: { allowPrivate: true } });
    const refused = await ask("POST", "/v1/webhooks", { url: "https://example.com/" });
    expect(refused).toMatchObject({ status: 400, body: { code: "request_invalid" } });
    expect((refused.body as { detail: string }).detail).toContain("MILLRACE_SECRET_KEY");
  });

  it("beyond 50", async () => {
    const { ask } = await aTeller();
    for (let i = 0; i < 50; i++) await ask("POST", "/v1/webhooks", { url: `https://example.com/${i}` });
    const refused = await ask("POST", "/v1/webhooks", { url: "https://example.com/" });
    expect(refused).toMatchObject({ status: 409, body: { code: "state_conflict" } });
  });
});

describe("an address that is not public", () => {
  it("is refused when the connection is made, whatever its name was said to mean before", async () => {
    const receiver = await aReceiver();
    const target = `sqlite:${join(await folders.create(), "m.db")}`;
    const open = await aTeller({}, target);
    // A name that leads to this machine, as one does that was bound anew after it had been looked at.
    await addHook(open, `http://localhost:${receiver.port}/hooks`, ["enqueued"]);
    await addHook(open, receiver.url, ["enqueued"]);
    await open.mill.close();
    const strict = await aTeller({ webhooks: {} }, target);
    await strict.mill.enqueue("k");
    const tried = async () => (await strict.mill.list({ queue: QUEUE, state: "scheduled" })).jobs;
    await until(async () => (await tried()).length === 2);
    const messages = (await tried()).map(({ error }) => error?.message ?? "");
    expect(messages.toSorted()).toEqual([
      "127.0.0.1 is no public address",
      expect.stringMatching(/^localhost cannot be reached: \S+ is no public address$/) as string,
    ]);
    expect(receiver.received).toEqual([]);
  });
});
