import { describe, expect, it } from "vitest";
import { openHttp } from "../../src/stores/http/index.ts";
import { aWorker } from "../../src/testing/factory.ts";
import { API_KEY, aServer, jwtFor } from "./bench.ts";
import { listening } from "./listening.ts";
import {
  aRemoteWorker,
  aWorkerServer,
  claimOne,
  leaseOf,
  until,
  type ClaimedJob,
  type Reply,
} from "./remote-worker.ts";

const NOBODY = { job: "job_01k0c9m2w8x7q5v3r1t4y6p8n0", token: 1 };

describe("DELETE /v1/workers/{id}/claim", () => {
  it("lets claims that wait be answered at once", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server);
    const other = await aRemoteWorker(server);
    const waiting = worker.claim(1, 30_000);
    const othersWaiting = other.claim(1, 30_000);
    const end = async (): Promise<number> => {
      const { body } = await server.ask("DELETE", `/v1/workers/${worker.id}/claim`, undefined, worker.key);
      return (body as unknown as { ended: number }).ended;
    };
    await until(async () => (await end()) === 1);
    expect((await waiting).body.jobs).toEqual([]);
    expect(await end()).toBe(0);
    const job = await server.mill.enqueue("k");
    expect((await othersWaiting).body.jobs).toMatchObject([{ id: job.id }]);
  });

  it("loses no job: given up while jobs come, a claim has them or has none", async () => {
    const { url, served } = await listening();
    const store = await openHttp({ url, key: API_KEY });
    await store.registerWorker(aWorker({ org: "default" }));
    const request = {
      org: "default",
      worker: "worker-1",
      queues: { order: "turns" },
      labels: new Set<string>(),
    } as const;
    const had: string[] = [];
    const rounds = 40;
    for (let i = 0; i < rounds; i++) {
      const wait = new AbortController();
      const claiming = store.claim({ ...request, max: 1, leaseMs: 30_000 }, wait.signal);
      await new Promise((resolve) => void setTimeout(resolve, (i % 8) * 3));
      const added = served.enqueue("k");
      if (i % 2 === 0) await added;
      wait.abort();
      had.push(...(await claiming).map(({ job }) => job.id));
      await added;
    }
    const running = (await served.list({ state: "running" }, { limit: 100 })).jobs.map(({ id }) => id);
    expect(running.toSorted()).toEqual(had.toSorted());
    expect(await served.counts()).toMatchObject({ running: had.length, queued: rounds - had.length });
    await store.close();
  });
});

describe("GET /v1/workers/{id}/cancels", () => {
  it("answers as soon as a job of the worker is to be cancelled, and until it is settled", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server);
    const other = await aRemoteWorker(server);
    const cancels = async ({ id, key }: typeof worker, waitMs: number): Promise<unknown> =>
      (await server.ask("GET", `/v1/workers/${id}/cancels?waitMs=${waitMs}`, undefined, key)).body;
    await server.mill.enqueue("k");
    const lease = await claimOne(worker);
    expect(await cancels(worker, 0)).toEqual({ cancels: [] });
    const waiting = cancels(worker, 30_000);
    const othersWaiting = cancels(other, 300);
    await server.mill.cancel(lease.job, { reason: "enough" });
    expect(await waiting).toEqual({ cancels: [{ ...lease, reason: "enough" }] });
    expect(await cancels(worker, 30_000)).toEqual({ cancels: [{ ...lease, reason: "enough" }] });
    expect(await othersWaiting).toEqual({ cancels: [] });
    const { body } = await worker.settle({ ...lease, outcome: "complete" });
    expect(body).toEqual({ statuses: ["lease_lost"], cancelled: [lease.job] });
    expect(await cancels(worker, 0)).toEqual({ cancels: [] });
  });

  it("is for as many as may wait, ends with the server, and knows who is there", async () => {
    const server = await aWorkerServer({ limits: { longPolls: 1 } });
    const [worker, other] = [await aRemoteWorker(server), await aRemoteWorker(server)];
    const ask = ({ id, key }: typeof worker): Promise<Reply> =>
      server.ask("GET", `/v1/workers/${id}/cancels?waitMs=30000`, undefined, key);
    const both = [ask(worker), ask(other)];
    expect(await Promise.race(both)).toMatchObject({ status: 429, body: { code: "too_many_streams" } });
    server.close();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
    await worker.leave();
    expect((await ask(worker)).status).toBe(404);
  });
});

describe("POST /v1/workers/{id}/jobs", () => {
  it("enqueues under a lease that the worker holds, and under no other", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server);
    const other = await aRemoteWorker(server);
    await server.mill.enqueue("parent");
    const under = await claimOne(worker);
    const add = (who: typeof worker, lease: object, jobs: readonly object[] = [{ kind: "child" }]) =>
      server.ask("POST", `/v1/workers/${who.id}/jobs`, { under: lease, jobs }, who.key);
    expect(await add(worker, under, [{ kind: "child", payload: 1 }, { kind: "child" }])).toMatchObject({
      status: 201,
      body: {
        jobs: [{ payload: 1, createdBy: worker.id, number: 2 }, { number: 3 }],
        statuses: ["created", "created"],
      },
    });
    for (const [who, lease] of [
      [other, under],
      [worker, NOBODY],
      [worker, { ...under, token: under.token + 1 }],
    ] as const) {
      expect(await add(who, lease)).toMatchObject({ status: 409, body: { code: "lease_lost" } });
    }
    await worker.settle({ ...under, outcome: "complete" });
    expect(await add(worker, under)).toMatchObject({ status: 409, body: { code: "lease_lost" } });
    expect(await server.mill.counts({ kind: "child" })).toMatchObject({ queued: 2 });
  });
});

describe("a worker with limits of its own", () => {
  it("chooses its queues and the time of its leases with each claim", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server, { slots: 9 });
    for (const queue of ["a", "a", "a", "b", "b", "c"]) await server.mill.enqueue("k", null, { queue });
    const claim = async (body: object): Promise<readonly ClaimedJob[]> =>
      (await server.ask("POST", `/v1/workers/${worker.id}/claim`, body, worker.key)).body.jobs;
    expect((await claim({ max: 3, queues: ["b", "a"] })).map(({ queue }) => queue)).toEqual(["b", "b", "a"]);
    const [first, second] = await claim({ max: 2, queues: { c: 1, a: 1 }, leaseMs: 600_000 });
    expect(new Set([first?.queue, second?.queue])).toEqual(new Set(["a", "c"]));
    const leftMs = Date.parse(first?.lease.expiresAt ?? "") - Date.now();
    expect(leftMs).toBeGreaterThan(590_000);
    for (const wrong of [{ queues: [] }, { queues: {} }, { queues: { a: 0 } }, { leaseMs: 1 }, { id: "a b" }]) {
      expect((await server.ask("POST", `/v1/workers/${worker.id}/claim`, wrong, worker.key)).status).toBe(400);
    }
  });

  it("is told what is the job's own, and what its queue says", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server, { slots: 2 });
    await server.mill.queue("q").configure({ timeoutMs: 9_000, backoff: { type: "fixed", delayMs: 7 } });
    await server.mill.enqueue("k", null, { queue: "q" });
    await server.mill.enqueue("k", null, { queue: "q", timeoutMs: 5_000 });
    const queueLimits = { timeoutMs: 9_000, backoff: { type: "fixed", delayMs: 7 } };
    expect((await worker.claim(2)).body.jobs).toMatchObject([
      { timeoutMs: 9_000, ownTimeoutMs: null, queueLimits },
      { timeoutMs: 5_000, ownTimeoutMs: 5_000, queueLimits },
    ]);
  });

  it("says when a failed attempt is followed by the next, and cancels its own job", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server, { slots: 2 });
    const [failing, ending] = await server.mill.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    const [first, second] = (await worker.claim(2)).body.jobs.map(leaseOf);
    await worker.settle(
      { ...first, outcome: "fail", error: "later", delayMs: 3_600_000 },
      { ...second, outcome: "cancel", reason: "not needed" },
    );
    const later = await server.mill.get(failing?.id ?? "");
    expect(later).toMatchObject({ state: "scheduled", error: { message: "later" } });
    expect((later?.runAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_500_000);
    expect(await server.mill.get(ending?.id ?? "")).toMatchObject({ state: "cancelled", cancelReason: "not needed" });
  });
});

describe("what clients read", () => {
  it("is whose key it is, which attempts there were, and which jobs have ended", async () => {
    const server = await aWorkerServer();
    const ann = await jwtFor("ann", "member");
    expect((await server.ask("GET", "/v1/me", undefined, ann)).body).toEqual({
      org: "default",
      role: "member",
      name: "ann",
    });
    const own = await server.mill.enqueue("k", null, { createdBy: "ann" });
    const others = await server.mill.enqueue("k");
    const ids = [own.id, others.id, NOBODY.job, "x"];
    const ended = async (key?: string): Promise<unknown> =>
      (await server.ask("POST", "/v1/jobs/ended", { ids }, key)).body;
    expect(await ended()).toEqual({ ended: [false, false, false, false] });
    await server.mill.cancel(own.id);
    await server.mill.cancel(others.id);
    expect(await ended()).toEqual({ ended: [true, true, false, false] });
    expect(await ended(ann)).toEqual({ ended: [true, false, false, false] });
    const worker = await aRemoteWorker(server);
    const job = await server.mill.enqueue("k");
    const lease = await claimOne(worker);
    await worker.settle({ ...lease, outcome: "fail", error: { name: "E", message: "m" }, delayMs: 60_000 });
    expect((await server.ask("GET", `/v1/jobs/${job.id}/attempts`)).body).toMatchObject({
      attempts: [{ attempt: 1, token: lease.token, worker: worker.id, ending: "failed", error: { message: "m" } }],
    });
  });

  it("is a page of events as JSON, from a cursor on", async () => {
    const { fetch, mill } = await aServer();
    interface Page {
      readonly events: readonly { readonly job: string; readonly cursor: string }[];
      readonly cursor: string;
    }
    const read = async (query = ""): Promise<Page> => {
      const headers = { Authorization: `Bearer ${API_KEY}`, Accept: "application/json" };
      return (await (await fetch(new Request(`http://server/v1/events${query}`, { headers }))).json()) as Page;
    };
    const { cursor, events } = await read();
    expect(events).toEqual([]);
    const jobs = await mill.enqueueMany([{ kind: "k" }, { kind: "k" }, { kind: "k" }]);
    const after = (from: string): string => `?limit=2&after=${encodeURIComponent(from)}`;
    const first = await read(after(cursor));
    const second = await read(after(first.cursor));
    const told = [...first.events, ...second.events].map(({ job }) => job);
    expect(told).toEqual(jobs.map(({ id }) => id));
    expect((await read(after(second.cursor))).events).toEqual([]);
  });
});
