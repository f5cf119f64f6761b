import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Role } from "../../src/core/role.ts";
import { createHandler } from "../../src/http/index.ts";
import { temporaryFolders } from "../cli/temporary-folder.ts";
import { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";
import { onPostgreSQL } from "../runtime/grounds.ts";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";
import { follow } from "./read-stream.ts";
import { aRemoteWorker, aWorkerServer } from "./remote-worker.ts";

const folders = temporaryFolders();
const KEY = /^mr_[0-9A-Za-z]{49}$/;

interface Made {
  readonly id: string;
  readonly key: string;
}

async function makeKey({ ask }: Pick<Bench, "ask">, role: Role, rest: object = {}, by?: string): Promise<Made> {
  const { status, body } = await ask("POST", "/v1/keys", { name: `a ${role}`, role, ...rest }, by);
  expect(status).toBe(201);
  return body as Made;
}

onEveryStore("an API key", (open) => {
  it("is shown once, and opens what its role may do in its organisation", async () => {
    const { ask } = await open();
    const { status, body } = await ask("POST", "/v1/keys", { name: "deploys", role: "member" });
    expect(status).toBe(201);
    const { key, ...rest } = body as Made;
    expect(key).toMatch(KEY);
    expect(rest).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/) as string,
      org: "default",
      name: "deploys",
      role: "member",
      createdBy: "api-key",
      createdAt: expect.any(String) as string,
      revokedAt: null,
    });
    const listed = await ask("GET", "/v1/keys");
    expect(listed.body).toEqual({ keys: [rest] });
    const job = await ask("POST", "/v1/jobs", { kind: "k" }, key);
    expect(job).toMatchObject({ status: 201, body: { createdBy: "deploys", org: "default" } });
    expect((await ask("POST", "/v1/queues/default/pause", undefined, key)).status).toBe(403);
  });

  it("opens nothing from its revocation on, and revoking it again changes nothing", async () => {
    const bench = await open();
    const { id, key } = await makeKey(bench, "viewer");
    expect((await bench.ask("GET", "/v1/jobs", undefined, key)).status).toBe(200);
    const first = await bench.ask("DELETE", `/v1/keys/${id}`);
    expect(first).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) as string } });
    expect((await bench.ask("GET", "/v1/jobs", undefined, key)).status).toBe(401);
    const second = await bench.ask("DELETE", `/v1/keys/${id}`);
    expect(second).toMatchObject({ status: 200, body: first.body as object });
    expect(((await bench.ask("GET", "/v1/keys")).body as { keys: unknown[] }).keys).toEqual([first.body]);
  });

  it("is good for a hundred requests at once, each with its own answer", async () => {
    const bench = await open();
    const [one, two] = [
      await makeKey(bench, "member", { name: "one" }),
      await makeKey(bench, "member", { name: "two" }),
    ];
    const wrong = `${one.key.slice(0, -7)}${"0".repeat(7)}`;
    const asked = Array.from({ length: 100 }, async (_, i) => {
      const key = [one.key, two.key, wrong][i % 3] ?? "";
      const { status, body } = await bench.ask("POST", "/v1/jobs", { kind: "k" }, key);
      return status === 201 ? (body as { createdBy: string }).createdBy : status;
    });
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 100 }, (_, i) => ["one", "two", 401][i % 3]));
  });
});

describe("keys are managed", () => {
  it("by owners and admins, and an admin neither makes nor revokes the key of an owner", async () => {
    const bench = await aServer();
    const [owner, admin] = [await jwtFor("o", "owner"), await jwtFor("a", "admin")];
    const ofOwner = await makeKey(bench, "owner", {}, owner);
    const ofAdmin = await makeKey(bench, "admin", {}, admin);
    const refused = await bench.ask("POST", "/v1/keys", { name: "n", role: "owner" }, admin);
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await bench.ask("POST", "/v1/keys", { name: "n", role: "owner" }, ofAdmin.key)).status).toBe(403);
    expect((await bench.ask("DELETE", `/v1/keys/${ofOwner.id}`, undefined, ofAdmin.key)).status).toBe(403);
    expect((await bench.ask("GET", "/v1/jobs", undefined, ofOwner.key)).status).toBe(200);
    expect((await bench.ask("DELETE", `/v1/keys/${ofAdmin.id}`, undefined, ofOwner.key)).status).toBe(200);
    expect((await bench.ask("GET", "/v1/jobs", undefined, ofAdmin.key)).status).toBe(401);
  });

  it("in their own organisation; only the server's own key names another", async () => {
    const bench = await aServer();
    const elsewhere = await makeKey(bench, "owner", { org: "acme" });
    expect((await bench.ask("POST", "/v1/jobs", { kind: "k" }, elsewhere.key)).body).toMatchObject({ org: "acme" });
    const owner = await jwtFor("api-key", "owner");
    for (const key of [owner, (await makeKey(bench, "owner", { name: "api-key" })).key]) {
      expect((await bench.ask("POST", "/v1/keys", { name: "n", role: "viewer", org: "acme" }, key)).status).toBe(403);
      expect((await bench.ask("GET", "/v1/keys?org=acme", undefined, key)).status).toBe(403);
      expect((await bench.ask("DELETE", `/v1/keys/${elsewhere.id}?org=acme`, undefined, key)).status).toBe(403);
      // Of another organisation it is not there.
      const there = await bench.ask("DELETE", `/v1/keys/${elsewhere.id}`, undefined, key);
      expect(there).toMatchObject({ status: 404, body: { code: "key_not_found" } });
      expect((await bench.ask("POST", "/v1/keys", { name: "n", role: "viewer", org: "default" }, key)).status).toBe(
        201,
      );
    }
    expect((await bench.ask("GET", "/v1/keys?org=acme")).body).toMatchObject({ keys: [{ id: elsewhere.id }] });
    expect((await bench.ask("DELETE", `/v1/keys/${elsewhere.id}?org=acme`)).status).toBe(200);
    expect((await bench.ask("GET", "/v1/jobs", undefined, elsewhere.key)).status).toBe(401);
  });

  it("and a wrong request is told what is wrong, without repeating a key", async () => {
    const bench = await aServer();
    for (const body of [
      {},
      { name: "n" },
      { name: "n", role: "king" },
      { name: "a/b", role: "viewer" },
      { name: "", role: "viewer" },
    ]) {
      expect(await bench.ask("POST", "/v1/keys", body)).toMatchObject({
        status: 400,
        body: { code: "request_invalid" },
      });
    }
    const { key } = await makeKey(bench, "viewer");
    const pasted = await bench.ask("DELETE", `/v1/keys/${key}`);
    expect(pasted).toMatchObject({ status: 400, body: { code: "request_invalid" } });
    expect(JSON.stringify(pasted.body)).not.toContain(key);
  });
});

describe("a key that was revoked by another process", () => {
  it("opens nothing from the commit on", async () => {
    const target = `sqlite:${join(await folders.create(), "m.db")}`;
    const bench = await aServer({}, target);
    const other = await aServer({}, target);
    const { id, key } = await makeKey(bench, "viewer");
    expect((await bench.ask("GET", "/v1/jobs", undefined, key)).status).toBe(200);
    expect((await other.ask("DELETE", `/v1/keys/${id}`)).status).toBe(200);
    expect((await bench.ask("GET", "/v1/jobs", undefined, key)).status).toBe(401);
  });
});

describe("a worker that registered with an API key", () => {
  it("is out, with the keys that it was given, once that one is revoked", async () => {
    const bench = await aWorkerServer();
    const made = await makeKey(bench, "worker");
    const worker = await aRemoteWorker(bench, { id: "w" }, made.key);
    expect((await worker.claim()).status).toBe(200);
    // It registers again with its own key, and gets another one.
    const again = await aRemoteWorker(bench, { id: "w" }, worker.key);
    const free = await aRemoteWorker(bench, { id: "free" });
    await bench.ask("DELETE", `/v1/keys/${made.id}`);
    expect((await worker.claim()).status).toBe(401);
    expect((await again.claim()).status).toBe(401);
    expect((await bench.ask("POST", "/v1/workers", { id: "w" }, again.key)).status).toBe(401);
    expect((await free.claim()).status).toBe(200);
  });

  it("gets no job that came after the revocation, although it waited since before", async () => {
    const bench = await aWorkerServer();
    const made = await makeKey(bench, "worker");
    const worker = await aRemoteWorker(bench, {}, made.key);
    const claim = worker.claim(1, 20_000);
    const waits = 'route="/v1/workers/:id/claim",caller="known"} 1';
    await expect.poll(async () => metrics(bench)).toContain(waits);
    await bench.ask("DELETE", `/v1/keys/${made.id}`);
    const { id } = await bench.mill.enqueue("k");
    expect((await claim).status).toBe(401);
    expect(await bench.mill.get(id)).toMatchObject({ state: "queued", attempt: 0 });
  });
});

async function metrics({ fetch }: Pick<Bench, "fetch">): Promise<string> {
  const headers = { Authorization: `Bearer ${API_KEY}` };
  return (await fetch(new Request("http://server/metrics", { headers }))).text();
}

describe("what is open when its key is revoked", () => {
  it("ends when it is looked at: streams, claims and what waits for cancels", { timeout: 60_000 }, async () => {
    const bench = await aWorkerServer();
    const reader = await makeKey(bench, "viewer");
    const farm = await makeKey(bench, "worker");
    const stream = await follow(bench, "/v1/events", { key: reader.key });
    const worker = await aRemoteWorker(bench, {}, farm.key);
    const claim = worker.claim(1, 30_000);
    const cancels = bench.ask("GET", `/v1/workers/${worker.id}/cancels?waitMs=30000`, undefined, worker.key);
    await expect.poll(async () => metrics(bench)).toContain('route="/v1/workers/:id/claim",caller="known"} 1');
    await expect.poll(async () => metrics(bench)).toContain('route="/v1/workers/:id/cancels",caller="known"} 1');
    const revokedMs = performance.now();
    await bench.ask("DELETE", `/v1/keys/${reader.id}`);
    await bench.ask("DELETE", `/v1/keys/${farm.id}`);
    const [told, ...answers] = await Promise.all([stream.rest(), claim, cancels]);
    expect(told).toEqual([]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(performance.now() - revokedMs).toBeLessThan(18_000);
  });
});

describe.skipIf(onPostgreSQL.missing() !== undefined)("a key that only the store knows, with the store away", () => {
  it("is not refused: the server says that it cannot tell, and can again when the store is back", async () => {
    const ground = onPostgreSQL.make();
    onTestFinished(async ({ task }) => ground.end(task.result?.state === "fail"));
    const { hostname, port } = new URL(ground.url);
    const proxy = await TcpProxy.to({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    const bench = await aServer({}, proxy.through(ground.url));
    const { key } = await makeKey(bench, "viewer");
    const worker = await makeKey(bench, "worker");
    const ofWorker = (await bench.ask("POST", "/v1/workers", {}, worker.key)).body as { worker: string; key: string };
    const claim = `/v1/workers/${ofWorker.worker}/claim`;
    await proxy.refuse();
    const away = { status: 503, body: { code: "store_unavailable", retryable: true } };
    expect(await bench.ask("GET", "/v1/me", undefined, key)).toMatchObject(away);
    expect(await bench.ask("POST", claim, {}, ofWorker.key)).toMatchObject(away);
    // What cannot be a key of the store is known for it without the store.
    expect((await bench.ask("GET", "/v1/me", undefined, `${key}0`)).status).toBe(401);
    // And whoever the store has nothing to do with is known all the same.
    expect((await bench.ask("GET", "/v1/me")).status).toBe(200);
    expect((await bench.ask("GET", "/v1/me", undefined, await jwtFor("ada", "viewer"))).status).toBe(200);
    await proxy.heal();
    await expect
      .poll(async () => (await bench.ask("GET", "/v1/me", undefined, key)).status, { timeout: 20_000 })
      .toBe(200);
  });
});

describe("a server without a key of its own", () => {
  it("starts when it is told that the store holds one, and only then", async () => {
    const bench = await aServer();
    const { key } = await makeKey(bench, "owner");
    expect(() => createHandler({ mill: bench.mill })).toThrow(
      /no key was given: .*`millrace keys create --role owner`/,
    );
    const handler = createHandler({ mill: bench.mill, hasStoredKeys: true });
    onTestFinished(() => handler.close());
    const ask = async (as: string) =>
      handler.fetch(new Request("http://server/v1/jobs", { headers: { Authorization: `Bearer ${as}` } }));
    expect((await ask(key)).status).toBe(200);
    expect((await ask(API_KEY)).status).toBe(401);
  });
});
