import { randomBytes } from "node:crypto";
import { openMillrace } from "millrace";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { Millrace } from "../../src/runtime/millrace.ts";
import { onFile, onPostgreSQL } from "../runtime/grounds.ts";
import { jwtFor, type Bench } from "./bench.ts";
import { until } from "./remote-worker.ts";
import { aReceiver, type Received } from "./webhook-receiver.ts";
import { addHook, aTeller, deliveriesOf, type Hook } from "./webhook-teller.ts";

const QUEUE = "millrace.webhooks";

/** What the specification's own package makes of it. @throws when the signature is wrong */
function verified({ secret }: Hook, { headers, body }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

describe("a webhook", () => {
  it("is told of what happens, signed after the Standard Webhooks specification", async () => {
    const server = await aTeller();
    const receiver = await aReceiver();
    const hook = await addHook(server, receiver.url);
    expect(hook.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    const job = await server.mill.enqueue("mail.send", { to: "x" }, { queue: "mail" });
    await server.mill.cancel(job.id);
    const told = await receiver.has(2);
    expect(told.map(({ event }) => event.type).toSorted()).toEqual(["cancelled", "enqueued"]);
    for (const each of told) {
      expect(verified(hook, each)).toEqual({
        type: each.event.type,
        timestamp: expect.stringMatching(/^\d{4}-.+Z$/) as string,
        data: {
          type: each.event.type,
          at: each.event.timestamp,
          job: job.id,
          number: 1,
          scope: "mail",
          queue: "mail",
          kind: "mail.send",
        },
      });
      const other = { ...hook, secret: `whsec_${randomBytes(32).toString("base64")}` };
      expect(() => verified(other, each)).toThrow("No matching signature found");
      expect(each.headers).toMatchObject({
        "content-type": "application/json",
        "webhook-id": expect.stringMatching(/^msg_\w{26}$/) as string,
      });
    }
    // Told once each, and nothing of the deliveries themselves.
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 2);
    expect(receiver.received.length).toBe(2);
    expect(new Set(told.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
  });

  it("is told of what it asked for, from the moment it was added on, and of its own organisation", async () => {
    const server = await aTeller();
    const receiver = await aReceiver();
    await server.mill.enqueue("before");
    const hook = await addHook(server, receiver.url, ["cancelled", "cancelled"]);
    const elsewhere = await aReceiver();
    const stranger = await jwtFor("stranger", "owner", "acme");
    const theirs = await addHook(server, elsewhere.url, undefined, stranger);
    const own = await server.mill.enqueue("own");
    await server.mill.cancel(own.id);
    const other = await server.mill.forOrg("acme").enqueue("other");
    expect((await receiver.has(1)).map(({ event }) => [event.type, event.data.job])).toEqual([["cancelled", own.id]]);
    expect((await elsewhere.has(1)).map(({ event }) => [event.type, event.data.job])).toEqual([["enqueued", other.id]]);
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 1);
    await until(async () => (await deliveriesOf(server.mill.forOrg("acme"), theirs, "completed")).length === 1);
    expect([receiver.received.length, elsewhere.received.length]).toEqual([1, 1]);
  });

  it("is listed without its secret, and removed with the deliveries that wait for it", async () => {
    const server = await aTeller();
    const receiver = await aReceiver(() => 500);
    const { secret, ...hook } = await addHook(server, receiver.url, ["enqueued"]);
    const listed = await server.ask("GET", "/v1/webhooks");
    expect(listed.body).toEqual({ webhooks: [{ ...hook, events: ["enqueued"] }] });
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    await server.mill.enqueue("k");
    await until(async () => (await deliveriesOf(server.mill, { ...hook, secret }, "scheduled")).length === 1);
    expect(
      (await server.ask("DELETE", `/v1/webhooks/${hook.id}`, undefined, await jwtFor("s", "owner", "acme"))).status,
    ).toBe(404);
    expect((await server.ask("DELETE", `/v1/webhooks/${hook.id}`)).status).toBe(204);
    const [delivery] = await deliveriesOf(server.mill, { ...hook, secret });
    expect(delivery).toMatchObject({
      state: "cancelled",
      cancelledBy: "api-key",
      cancelReason: "the webhook was removed",
    });
    expect((await server.ask("DELETE", `/v1/webhooks/${hook.id}`)).body).toMatchObject({ code: "webhook_not_found" });
    expect((await server.ask("GET", "/v1/webhooks")).body).toEqual({ webhooks: [] });
  });

  it("keeps no secret where a job, an answer or the store could show it", async () => {
    const server = await aTeller();
    const hook = await addHook(server, (await aReceiver()).url, ["enqueued"]);
    await server.mill.enqueue("k");
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 1);
    const bare = hook.secret.slice("whsec_".length);
    const all = [await server.mill.list(), await Millrace.kernelOf(server.mill).store.webhooks(null)];
    expect(JSON.stringify(all)).not.toContain(bare);
  });
});

describe("a delivery", () => {
  it.each([404, 500, 302])("that is answered with %i is tried again, under the same id", async (status) => {
    const server = await aTeller();
    const receiver = await aReceiver((nth) => (nth === 1 ? status : 204));
    const hook = await addHook(server, receiver.url, ["enqueued"]);
    await server.mill.enqueue("k");
    await receiver.has(1);
    await until(async () => (await deliveriesOf(server.mill, hook, "scheduled")).length === 1);
    const [delivery] = await deliveriesOf(server.mill, hook);
    expect(delivery?.error).toMatchObject({ message: `127.0.0.1 answered ${status}`, permanent: false });
    const waitMs = (delivery?.runAt.getTime() ?? 0) - Date.now();
    expect(waitMs).toBeGreaterThan(2_000);
    expect(waitMs).toBeLessThanOrEqual(5_000);
    const [first, second] = await receiver.has(2);
    expect(second?.path).toBe("/hooks");
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    if (second !== undefined) verified(hook, second);
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 1);
  });

  it("that is answered with 410 removes the webhook", async () => {
    const server = await aTeller();
    const receiver = await aReceiver(() => 410);
    await addHook(server, receiver.url, ["enqueued"]);
    await server.mill.enqueue("k");
    await receiver.has(1);
    await until(
      async () => ((await server.ask("GET", "/v1/webhooks")).body as { webhooks: unknown[] }).webhooks.length === 0,
    );
  });

  it("that nobody takes is tried again, and says why", async () => {
    const server = await aTeller();
    const hook = await addHook(server, "http://127.0.0.1:9/hooks?token=of-the-url", ["enqueued"]);
    await server.mill.enqueue("k");
    await until(async () => (await deliveriesOf(server.mill, hook, "scheduled")).length === 1);
    const [delivery] = await deliveriesOf(server.mill, hook);
    expect(delivery?.error?.message).toMatch(/^127\.0\.0\.1 cannot be reached: .*ECONNREFUSED/);
    expect(JSON.stringify(delivery)).not.toContain("of-the-url");
  });

  it("that is not answered is given up after 10 s", { timeout: 40_000 }, async () => {
    const server = await aTeller();
    const receiver = await aReceiver(() => null);
    const hook = await addHook(server, receiver.url, ["enqueued"]);
    await server.mill.enqueue("k");
    await receiver.has(1);
    await until(async () => (await deliveriesOf(server.mill, hook, "scheduled")).length === 1);
    expect((await deliveriesOf(server.mill, hook))[0]?.error?.message).toBe(
      "127.0.0.1 has not answered within 10000 ms",
    );
  });

  it("is left alone by workers that take whatever comes, and cannot be made up by clients", async () => {
    const server = await aTeller();
    const receiver = await aReceiver();
    const hook = await addHook(server, receiver.url, ["enqueued"]);
    const seen: string[] = [];
    const worker = server.mill.worker().handle("k", ({ kind }) => void seen.push(kind));
    await worker.start();
    const { id } = await server.mill.enqueue("k");
    await server.mill.wait(id);
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 1);
    expect((await deliveriesOf(server.mill, hook))[0]).toMatchObject({
      attempt: 1,
      createdBy: "millrace",
      requires: [QUEUE],
      number: null,
      queue: QUEUE,
    });
    const body = { kind: "millrace.webhook", queue: QUEUE, payload: { hook: hook.id } };
    for (const [path, said] of [
      ["/v1/jobs", body],
      ["/v1/jobs/batch", { jobs: [body] }],
    ] as const) {
      const refused = await server.ask("POST", path, said, await jwtFor("millrace", "owner"));
      expect(refused).toMatchObject({ status: 400, body: { code: "request_invalid" } });
    }
  });
});

describe.each([onFile, onPostgreSQL])("many servers on one store, $name", ({ make, missing }) => {
  const isMissing = missing() !== undefined;
  const aTarget = (): string => {
    const ground = make();
    onTestFinished(async ({ task }) => ground.end(task.result?.state === "fail"));
    return ground.url;
  };

  it.skipIf(isMissing)("tell each event once, through a stop in between", { timeout: 60_000 }, async () => {
    const target = aTarget();
    const receiver = await aReceiver();
    const first = await aTeller({}, target);
    const second = await aTeller({}, target);
    const hook = await addHook(first, receiver.url, ["enqueued"]);
    const elsewhere = await aReceiver();
    const ids = new Set<string>();
    const enqueue = async ({ mill }: Bench, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) ids.add((await mill.enqueue("k")).id);
    };
    await Promise.all([enqueue(first, 20), enqueue(second, 20)]);
    await receiver.has(1);
    // One that stands at another place.
    const other = await addHook(second, elsewhere.url, ["enqueued"]);
    const before = ids.size;
    first.close();
    await enqueue(first, 20);
    await receiver.has(60);
    await until(async () => (await deliveriesOf(second.mill, hook, "completed")).length === 60);
    expect(receiver.received.map(({ event }) => event.data.job).toSorted()).toEqual([...ids].toSorted());
    await elsewhere.has(20);
    await until(async () => (await deliveriesOf(second.mill, other, "completed")).length === 20);
    expect(elsewhere.received.map(({ event }) => event.data.job).toSorted()).toEqual([...ids].slice(before).toSorted());
  });

  it.skipIf(isMissing)("tell nothing twice that was handed on before one of them died", async () => {
    const server = await aTeller({}, aTarget());
    const receiver = await aReceiver();
    const hook = await addHook(server, receiver.url, ["enqueued"]);
    const store = Millrace.kernelOf(server.mill).store;
    const cursor = async (): Promise<string> => (await store.webhooks("default"))[0]?.cursor ?? "";
    const start = await cursor();
    await server.mill.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    await receiver.has(2);
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 2);
    // As it is when the deliveries were written, and the cursor was not.
    const end = await cursor();
    expect(await store.advanceWebhook(hook.id, end, start)).toBe(true);
    await server.mill.enqueue("k");
    await receiver.has(3);
    await until(async () => (await cursor()) !== start);
    await until(async () => (await deliveriesOf(server.mill, hook, "completed")).length === 3);
    expect(receiver.received.length).toBe(3);
  });

  it.skipIf(isMissing)("miss nothing that happens while none of them runs", async () => {
    const target = aTarget();
    const receiver = await aReceiver();
    const before = await aTeller({}, target);
    await addHook(before, receiver.url, ["enqueued"]);
    await before.mill.close();
    const mill = await openMillrace(target);
    const { id } = await mill.enqueue("k");
    await mill.close();
    expect(receiver.received).toEqual([]);
    await aTeller({}, target);
    expect((await receiver.has(1)).map(({ event }) => event.data.job)).toEqual([id]);
  });
});
