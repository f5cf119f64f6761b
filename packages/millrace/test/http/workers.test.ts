import { describe, expect, it } from "vitest";
import { WorkerKeys } from "../../src/http/worker-keys.ts";
import { API_KEY, jwtFor } from "./bench.ts";
import { aRemoteWorker, aWorkerServer, claimOne, leaseOf, until } from "./remote-worker.ts";

/** Keys as the server makes them, made so long ago. */
function keyOfAge(ageMs: number, worker = "w-1"): string {
  return new WorkerKeys(API_KEY, () => Date.now() - ageMs).issue(worker, "default").key;
}

describe("POST /v1/workers", () => {
  it("registers a worker and answers its key, which lives for 90 s", async () => {
    const { ask, mill } = await aWorkerServer();
    const said = { id: "press-1", name: "press", labels: ["gpu", "gpu"], slots: 4, queues: ["video", "mail"] };
    const { status, body } = await ask("POST", "/v1/workers", said);
    expect(status).toBe(201);
    expect(body).toEqual({ worker: "press-1", key: body.key, expiresAt: body.expiresAt });
    expect(body.key).toMatch(/^mrw_/);
    const lifeMs = Date.parse(body.expiresAt) - Date.now();
    expect(lifeMs).toBeGreaterThan(85_000);
    expect(lifeMs).toBeLessThanOrEqual(90_000);
    const [worker] = await mill.workers();
    expect(worker).toMatchObject({
      id: "press-1",
      name: "press",
      labels: ["gpu"],
      concurrency: 4,
      queues: ["video", "mail"],
    });
  });

  it("brings up the same worker again, with a new key, and it keeps what it holds", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.enqueue("k");
    const first = await aRemoteWorker({ ask }, { id: "w-1" });
    const lease = await claimOne(first);
    const second = await aRemoteWorker({ ask }, { id: "w-1", labels: ["gpu"] });
    expect(await mill.workers()).toMatchObject([{ id: "w-1", labels: ["gpu"], running: 1 }]);
    expect((await second.settle({ ...lease, outcome: "complete" })).body.statuses).toEqual(["settled"]);
    expect((await first.claim()).status).toBe(200);
  });

  it("makes an id and a name for a worker that brings none", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await aRemoteWorker({ ask });
    expect(id).toMatch(/^worker_[0-9a-z]{26}$/);
    expect(await mill.workers()).toMatchObject([{ id, name: id, labels: [], concurrency: 1, queues: null }]);
  });

  it("refuses the id of another organisation's worker, and does not say why", async () => {
    const { ask, mill } = await aWorkerServer();
    await aRemoteWorker({ ask }, { id: "w-1", name: "ours" });
    const { status, body } = await ask("POST", "/v1/workers", { id: "w-1" }, await jwtFor("eve", "owner", "other"));
    expect(status).toBe(409);
    expect(body.detail).toBe('the id "w-1" cannot be used; choose another, or leave it out');
    expect(JSON.stringify(body)).not.toMatch(/default|ours|organi/);
    expect(await mill.workers()).toMatchObject([{ name: "ours" }]);
  });

  it.each(["", ".", "..", "a/b", "a b", "ä", "x".repeat(101), "a\u0000b"])("refuses the id %j", async (id) => {
    const { ask } = await aWorkerServer();
    expect(await ask("POST", "/v1/workers", { id })).toMatchObject({ status: 400, body: { code: "request_invalid" } });
  });

  it.each([{ queues: [] }, { queues: ["a#b"] }, { slots: 0 }, { labels: [""] }, { name: "" }, { nonsense: 1 }])(
    "refuses %j",
    async (said) => {
      const { ask } = await aWorkerServer();
      expect((await ask("POST", "/v1/workers", said)).status).toBe(400);
    },
  );

  it("is for owners, admins and workers", async () => {
    const { ask } = await aWorkerServer();
    const statusFor = async (role: "admin" | "member" | "viewer" | "worker"): Promise<number> =>
      (await ask("POST", "/v1/workers", {}, await jwtFor("ann", role))).status;
    expect(await Promise.all([statusFor("admin"), statusFor("worker")])).toEqual([201, 201]);
    expect(await Promise.all([statusFor("member"), statusFor("viewer")])).toEqual([403, 403]);
  });

  it("lets a worker's key bring up that worker, and no other", async () => {
    const { ask } = await aWorkerServer();
    const { key } = await aRemoteWorker({ ask }, { id: "w-1" });
    expect((await ask("POST", "/v1/workers", {}, key)).body.worker).toBe("w-1");
    expect((await ask("POST", "/v1/workers", { id: "w-2" }, key)).status).toBe(403);
  });
});

describe("the key of a worker", () => {
  it("opens what is that worker's own, and nothing else", async () => {
    const { ask } = await aWorkerServer();
    const { key } = await aRemoteWorker({ ask }, { id: "w-1" });
    await aRemoteWorker({ ask }, { id: "w-2" });
    for (const [method, path, body] of [
      ["POST", "/v1/workers/w-2/claim", {}],
      ["POST", "/v1/workers/w-2/heartbeat", { leases: [] }],
      ["POST", "/v1/workers/w-2/settle", { outcomes: [] }],
      ["POST", "/v1/workers/w-2/logs", { entries: [] }],
      ["DELETE", "/v1/workers/w-2", undefined],
      ["POST", "/v1/jobs", { kind: "k" }],
      ["GET", "/v1/jobs", undefined],
    ] as const) {
      expect(await ask(method, path, body, key)).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
    expect((await ask("POST", "/v1/workers/w-1/claim", {}, API_KEY)).status).toBe(403);
  });

  it("is renewed by every reply in its last 30 s, and stays good until it ends", async () => {
    const { ask } = await aWorkerServer();
    await aRemoteWorker({ ask }, { id: "w-1" });
    const calls = [
      ["/v1/workers/w-1/claim", {}],
      ["/v1/workers/w-1/heartbeat", { leases: [] }],
      ["/v1/workers/w-1/settle", { outcomes: [] }],
      ["/v1/workers/w-1/logs", { entries: [] }],
    ] as const;
    const [young, old] = [keyOfAge(55_000), keyOfAge(65_000)];
    for (const [path, body] of calls) {
      expect((await ask("POST", path, body, young)).body.key).toBeUndefined();
      const { key } = (await ask("POST", path, body, old)).body;
      expect(key).toMatch(/^mrw_/);
      expect(await ask("POST", path, body, key)).toMatchObject({ status: 200 });
    }
    expect((await ask("POST", "/v1/workers/w-1/claim", {}, keyOfAge(90_001))).status).toBe(401);
  });

  it("is renewed also when it runs out while a claim waits", async () => {
    const { ask } = await aWorkerServer();
    await aRemoteWorker({ ask }, { id: "w-1" });
    const { status, body } = await ask("POST", "/v1/workers/w-1/claim", { waitMs: 600 }, keyOfAge(89_600));
    expect(status).toBe(200);
    expect((await ask("POST", "/v1/workers/w-1/claim", {}, body.key)).status).toBe(200);
  });
});

describe("DELETE /v1/workers/{id}", () => {
  it("gives all its jobs back at once, and may be said twice", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    const leaving = await aRemoteWorker({ ask }, { slots: 2 });
    const staying = await aRemoteWorker({ ask }, { slots: 2 });
    const { jobs } = (await leaving.claim(2)).body;
    expect(jobs).toHaveLength(2);
    expect((await leaving.leave()).body).toEqual({ released: 2 });
    expect((await leaving.leave()).body).toEqual({ released: 0 });
    expect(await leaving.claim()).toMatchObject({ status: 404, body: { code: "worker_not_found" } });
    const again = (await staying.claim(2)).body.jobs;
    expect(again.map((job) => job.attempt)).toEqual([1, 1]);
    const late = await leaving.settle(...jobs.map((job) => ({ ...leaseOf(job), outcome: "complete" })));
    expect(late.body.statuses).toEqual(["lease_lost", "lease_lost"]);
  });
});

describe("a worker that vanishes", () => {
  it("loses its leases, and every write under them is refused from then on", async () => {
    const { ask, mill } = await aWorkerServer({ leaseMs: 150 });
    const { id } = await mill.enqueue("k");
    const lost = await aRemoteWorker({ ask }, { id: "lost" });
    const heir = await aRemoteWorker({ ask }, { id: "heir" });
    const stale = await claimOne(lost);
    const live = await claimOne(heir, 10_000);
    expect(await mill.get(id)).toMatchObject({ state: "running", attempt: 2, worker: "heir" });
    expect((await lost.settle({ ...stale, outcome: "complete", result: "late" })).body.statuses).toEqual([
      "lease_lost",
    ]);
    expect((await lost.heartbeat({ ...stale, progress: { percent: 99 } })).body.leases).toEqual([
      { job: id, status: "lost" },
    ]);
    expect((await lost.log({ ...stale, text: "late" })).body.statuses).toEqual(["lease_lost"]);
    // Nor does it help to guess the token of whoever has the job now.
    expect((await lost.settle({ ...live, outcome: "complete", result: "forged" })).body.statuses).toEqual([
      "lease_lost",
    ]);
    expect((await lost.heartbeat({ ...live, progress: { percent: 99 } })).body.leases).toEqual([
      { job: id, status: "lost" },
    ]);
    expect((await lost.log({ ...live, text: "forged" })).body.statuses).toEqual(["lease_lost"]);
    expect((await heir.settle({ ...live, outcome: "complete", result: "ours" })).body.statuses).toEqual(["settled"]);
    expect(await mill.get(id)).toMatchObject({ state: "completed", result: "ours", progress: null });
    expect(await mill.logs(id)).toEqual([]);
  });

  it("keeps them for as long as it is heard of", async () => {
    const { ask, mill } = await aWorkerServer({ leaseMs: 300 });
    const { id } = await mill.enqueue("k");
    const worker = await aRemoteWorker({ ask });
    const lease = await claimOne(worker);
    const end = Date.now() + 900;
    while (Date.now() < end) expect((await worker.heartbeat(lease)).body.leases).toEqual([{ job: id, status: "held" }]);
    expect((await worker.settle({ ...lease, outcome: "complete" })).body.statuses).toEqual(["settled"]);
  });
});

it("does the upkeep: what is due becomes ready, though no worker runs in this process", async () => {
  const { ask, mill } = await aWorkerServer();
  const { id } = await mill.enqueue("k", null, { delayMs: 50 });
  await until(async () => (await mill.get(id))?.state === "queued");
  expect((await (await aRemoteWorker({ ask })).claim()).body.jobs).toMatchObject([{ id }]);
});
