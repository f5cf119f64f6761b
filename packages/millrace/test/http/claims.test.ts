import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { missingPostgres, newSchema } from "../postgres/test-database.ts";
import { aRemoteWorker, aWorkerServer, leaseOf, until, type RemoteWorker, type WorkerServer } from "./remote-worker.ts";

/** A file for stores that two servers share. */
async function aFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-claims-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, "jobs.db")}`;
}

/** Tables that two servers share. */
function aSchema(): Promise<string> {
  const schema = newSchema();
  onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
  return Promise.resolve(schema.url);
}

/** `MILLRACE_RUNS=20` for as many as the row of the workload asks. */
const ROUNDS = Number(process.env["MILLRACE_RUNS"] ?? 3);
/** Long enough for a claim that is sent to have begun to wait. */
const SETTLE_MS = 100;

async function idsOf(claim: ReturnType<RemoteWorker["claim"]>): Promise<string[]> {
  const { status, body } = await claim;
  expect(status).toBe(200);
  return body.jobs.map((job) => job.id);
}

describe("POST /v1/workers/{id}/claim", () => {
  it("answers jobs with their leases", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.queue("mail").configure({ timeoutMs: 5_000 });
    const { id } = await mill.enqueue("mail.send", { to: "x" }, { queue: "mail" });
    const worker = await aRemoteWorker({ ask }, { id: "w-1" });
    const { status, body } = await worker.claim();
    expect(status).toBe(200);
    expect(body.jobs).toMatchObject([
      {
        id,
        kind: "mail.send",
        payload: { to: "x" },
        state: "running",
        worker: "w-1",
        attempt: 1,
        timeoutMs: 5_000,
        lease: { token: 1 },
      },
    ]);
    const leftMs = Date.parse(body.jobs[0]?.lease.expiresAt ?? "") - Date.now();
    expect(leftMs).toBeGreaterThan(25_000);
    expect(leftMs).toBeLessThanOrEqual(30_000);
    expect(body).not.toHaveProperty("key");
  });

  it("answers none at once, or when nothing came in time", async () => {
    const { ask } = await aWorkerServer();
    const worker = await aRemoteWorker({ ask });
    const began = performance.now();
    expect(await idsOf(worker.claim(1, 0))).toEqual([]);
    const between = performance.now();
    expect(await idsOf(worker.claim(1, 300))).toEqual([]);
    expect(between - began).toBeLessThan(250);
    expect(performance.now() - between).toBeGreaterThan(290);
    expect((await worker.claim(1, 30_001)).status).toBe(400);
  });

  it("keeps to the queues, labels and slots of the registration", async () => {
    const { ask, mill } = await aWorkerServer();
    await mill.enqueueMany([
      { kind: "k", options: { queue: "mail" } },
      { kind: "k", options: { queue: "video", requires: ["gpu"] } },
      { kind: "k", options: { queue: "other" } },
      { kind: "k", options: { queue: "video" } },
    ]);
    const plain = await aRemoteWorker({ ask }, { queues: ["video", "mail"], slots: 10 });
    const { jobs } = (await plain.claim(10)).body;
    expect(jobs.map(({ queue, requires }) => [queue, requires])).toEqual([
      ["video", []],
      ["mail", []],
    ]);
    const gpu = await aRemoteWorker({ ask }, { labels: ["gpu"], slots: 1 });
    const [first] = (await gpu.claim(10)).body.jobs;
    expect(await idsOf(gpu.claim(10))).toEqual([]);
    await gpu.settle({ job: first?.id, token: first?.lease.token, outcome: "complete" });
    expect(await idsOf(gpu.claim(10))).toHaveLength(1);
    expect(await idsOf(gpu.claim(10))).toEqual([]);
  });

  it("follows a worker that registers anew with other queues", async () => {
    const { ask, mill } = await aWorkerServer();
    const { id } = await mill.enqueue("k", null, { queue: "mail" });
    const before = await aRemoteWorker({ ask }, { id: "w-1", queues: ["video"] });
    expect(await idsOf(before.claim())).toEqual([]);
    const after = await aRemoteWorker({ ask }, { id: "w-1", queues: ["mail"] });
    expect(await idsOf(after.claim())).toEqual([id]);
  });
});

describe("a claim that waits", () => {
  it("ends when the client goes away, and a job that comes then is for others", async () => {
    const { ask, fetch, mill } = await aWorkerServer();
    const gone = await aRemoteWorker({ ask }, { id: "gone" });
    const other = await aRemoteWorker({ ask });
    const client = new AbortController();
    const init = {
      method: "POST",
      headers: { Authorization: `Bearer ${gone.key}`, "Content-Type": "application/json" },
    };
    const body = JSON.stringify({ max: 1, waitMs: 30_000 });
    const claim = fetch(new Request("http://server/v1/workers/gone/claim", { ...init, body, signal: client.signal }));
    await pause(SETTLE_MS);
    client.abort();
    await claim;
    const { id } = await mill.enqueue("k");
    expect(await idsOf(other.claim())).toEqual([id]);
  });

  it("hands back at once what was claimed for a client that has gone", async () => {
    const { ask, fetch, mill } = await aWorkerServer();
    const gone = await aRemoteWorker({ ask }, { id: "gone" });
    const init = {
      method: "POST",
      headers: { Authorization: `Bearer ${gone.key}`, "Content-Type": "application/json" },
    };
    const { id } = await mill.enqueue("k");
    for (const waitMs of [0, 30_000]) {
      const client = new AbortController();
      const body = JSON.stringify({ max: 1, waitMs });
      const claim = fetch(new Request("http://server/v1/workers/gone/claim", { ...init, body, signal: client.signal }));
      // While the claim is on its way to the store.
      client.abort();
      expect(await (await claim).json()).toEqual({ jobs: [] });
    }
    expect(await mill.get(id)).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("ends when the server stops, and requests are answered still", async () => {
    const server = await aWorkerServer();
    const worker = await aRemoteWorker(server);
    const claim = worker.claim(1, 30_000);
    await pause(SETTLE_MS);
    server.close();
    expect(await idsOf(claim)).toEqual([]);
    expect(await idsOf(worker.claim(1, 30_000))).toEqual([]);
  });

  it("ends when the worker unregisters, and a job that comes then is for others", async () => {
    const { ask, mill } = await aWorkerServer();
    const leaving = await aRemoteWorker({ ask });
    const other = await aRemoteWorker({ ask });
    const claim = leaving.claim(1, 30_000);
    await pause(SETTLE_MS);
    await leaving.leave();
    expect(await idsOf(claim)).toEqual([]);
    const { id } = await mill.enqueue("k");
    expect(await idsOf(other.claim())).toEqual([id]);
  });

  it("is refused when too many wait, and not when there is a job", async () => {
    const { ask, mill } = await aWorkerServer({ limits: { longPolls: 2 } });
    const worker = await aRemoteWorker({ ask }, { slots: 3 });
    const waiting = [worker.claim(1, 30_000), worker.claim(1, 30_000)];
    await pause(SETTLE_MS);
    const refused = await worker.claim(1, 30_000);
    expect(refused).toMatchObject({ status: 429, body: { code: "too_many_streams", retryable: true } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await idsOf(worker.claim(1, 0))).toEqual([]);
    await mill.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    for (const claim of waiting) expect(await idsOf(claim)).toHaveLength(1);
    await mill.enqueue("k");
    expect(await idsOf(worker.claim(1, 30_000))).toHaveLength(1);
  });
});

/** Where the data of two servers can lie. */
const GROUNDS = [
  { name: "one file", missing: undefined, make: aFile },
  { name: "one database of PostgreSQL", missing: missingPostgres(), make: aSchema },
] as const;

for (const { name, missing, make } of GROUNDS)
  describe.skipIf(missing !== undefined)(`two servers on ${name}${missing === undefined ? "" : `: ${missing}`}`, () => {
    async function twoServers(): Promise<readonly [WorkerServer, WorkerServer]> {
      const target = await make();
      return [await aWorkerServer({}, target), await aWorkerServer({}, target)];
    }

    it.each(["the same server", "the other server"])(
      "answer a claim that waits within 50 ms of an enqueue at %s",
      async (where) => {
        const [here, there] = await twoServers();
        const worker = await aRemoteWorker(here, { slots: 15 });
        const delays: number[] = [];
        for (let i = 0; i < 15; i++) {
          const claim = worker.claim(1, 30_000).then(({ body }) => ({ at: performance.now(), body }));
          await pause(SETTLE_MS);
          const job = await (where === "the same server" ? here : there).mill.enqueue("k");
          const enqueuedAt = performance.now();
          const { at, body } = await claim;
          expect(body.jobs[0]?.id).toBe(job.id);
          delays.push(at - enqueuedAt);
        }
        // The machine may be busy with something else now and then.
        expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(50);
      },
    );

    it("serve all who wait at one when the other brings many jobs in one go", async () => {
      const [here, there] = await twoServers();
      const workers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => aRemoteWorker(here, { labels: [`shelf=${i % 2}`] })),
      );
      const claims = workers.map((worker) => idsOf(worker.claim(1, 10_000)));
      await pause(SETTLE_MS);
      const began = performance.now();
      const jobs = await there.mill.enqueueMany(Array.from({ length: 40 }, () => ({ kind: "k" })));
      const claimed = (await Promise.all(claims)).flat();
      expect(claimed.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      expect(performance.now() - began).toBeLessThan(5_000);
    });

    it("give each of 200 jobs to one of two workers that race for them", async () => {
      const servers = await twoServers();
      const [{ mill }] = servers;
      const jobs = await mill.enqueueMany(Array.from({ length: 200 }, () => ({ kind: "k" })));
      const shares = await Promise.all(
        servers.map(async (server) => {
          const worker = await aRemoteWorker(server, { slots: 3 });
          const mine: string[] = [];
          for (;;) {
            const { body } = await worker.claim(3);
            if (body.jobs.length === 0) return mine;
            const leases = body.jobs.map(leaseOf);
            const { statuses } = (await worker.settle(...leases.map((lease) => ({ ...lease, outcome: "complete" }))))
              .body;
            expect(statuses).toEqual(leases.map(() => "settled"));
            mine.push(...leases.map(({ job }) => job));
          }
        }),
      );
      expect(shares.flat().toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      expect(Math.min(...shares.map((share) => share.length))).toBeGreaterThan(0);
      await until(async () => (await mill.list({ state: "completed" }, { limit: 1_000 })).jobs.length === 200);
    });

    it("DT3: give a worker with parallel polls no more jobs than it has slots, however many there are", async () => {
      const servers = await twoServers();
      const [server] = servers;
      for (const { slots, polls } of [
        { slots: 1, polls: 2 },
        { slots: 3, polls: 10 },
      ]) {
        for (let round = 0; round < ROUNDS; round++) {
          const id = `builder-${slots}`;
          // The same worker at both servers: they share the secret that its key is made with, or it has one at each.
          const workers = await Promise.all(servers.map((each) => aRemoteWorker(each, { id, slots })));
          const claims = Array.from({ length: polls }, async (_, i) => workers[i % 2]?.claim(1, 200));
          await server.mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "build" })));
          const jobs = (await Promise.all(claims)).flatMap((reply) => reply?.body.jobs ?? []);
          expect(jobs).toHaveLength(slots);
          for (const { id: job } of (await server.mill.list({ state: "queued" }, { limit: 100 })).jobs) {
            await server.mill.cancel(job);
          }
          await workers[0]?.settle(...jobs.map((each) => ({ ...leaseOf(each), outcome: "complete" })));
        }
      }
    });
  });
