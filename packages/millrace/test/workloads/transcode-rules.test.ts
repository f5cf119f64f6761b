import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openMillrace, type HandlerContext, type Millrace } from "millrace";
import { loadScripts, scriptHandlers } from "millrace/scripts";
import { expect, onTestFinished, test } from "vitest";
import { listening } from "../http/listening.ts";
import { aRemoteWorker, aWorkerServer, claimOne, leaseOf } from "../http/remote-worker.ts";
import { Scene } from "../process/scene.ts";
import { onEachStore } from "../process/store-kinds.ts";
import { Gate, until } from "../runtime/until.ts";

const SCRIPTS = fileURLToPath(new URL("../../../../examples/transcode/scripts", import.meta.url));
const LINES = ["live", "default", "batch"] as const;

test("A4 what nobody can ever run is told apart from what waits for a free worker", async () => {
  const mill = await openMillrace("memory:");
  onTestFinished(() => mill.close());
  const gate = new Gate();
  const worker = mill.worker({ concurrency: 1, labels: ["gpu=nvenc"] }).handle("transcode", () => gate.pass());
  await worker.start();
  await mill.enqueue("transcode", null, { requires: ["gpu=nvenc"] });
  await until("the worker is busy", () => gate.arrived === 1);
  const waits = await mill.enqueue("transcode", null, { requires: ["gpu"] });
  const never = await mill.enqueue("transcode", null, { requires: ["gpu=qsv"], priority: "high" });
  expect((await mill.explain(waits.id)).sentences[0]).toBe("Every worker that could run it is busy.");
  expect((await mill.explain(never.id)).sentences[0]).toBe(
    'No live worker of the queue "default" has the label "gpu=qsv".',
  );
  gate.open();
  expect((await mill.wait(waits.id)).state).toBe("completed");
  expect((await mill.get(never.id))?.state).toBe("queued");
});

test("A11 a script that finds its disk full is run again in a minute, and no attempt is used up", async () => {
  const mill = await openMillrace("memory:");
  onTestFinished(() => mill.close());
  const { scripts } = await loadScripts([SCRIPTS]);
  expect(scripts.map(({ name }) => name)).toEqual(["resample-audio", "scale-video"]);
  const worker = mill.worker();
  for (const { kind, handler } of scriptHandlers(scripts)) worker.handle(kind, handler);
  await worker.start();
  const payload = { source: "a.wav", output: join(SCRIPTS, "b.wav"), seconds: 1, keepFreeMb: 1e12 };
  const { id } = await mill.enqueue("resample-audio", payload);
  await until("the script has ended", async () => (await mill.attempts(id)).length === 1);
  expect(await mill.attempts(id)).toMatchObject([{ ending: "snoozed" }]);
  const job = await mill.get(id);
  expect(job).toMatchObject({ state: "scheduled", attempt: 0 });
  expect((job?.runAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(50_000);
});

test("A13 AD10 one series of numbers over all lines, and no other text is taken for a number", async () => {
  const { ask, mill } = await aWorkerServer();
  for (const queue of LINES) await mill.enqueue("transcode", null, { queue, scope: "jobs" });
  expect((await ask("GET", "/v1/scopes/jobs/jobs/3")).body).toMatchObject({ number: 3, queue: "batch" });
  for (const text of ["3f2c9b1e", "3f2c9b1e-7c1d-4d5e-9a1b-000000000000", "3", "jobs%233"]) {
    expect((await ask("GET", `/v1/jobs/${text}`)).status).toBe(404);
  }
  for (const text of ["3f2c9b1e", "3.0", "0x3", "+3"]) {
    expect((await ask("GET", `/v1/scopes/jobs/jobs/${text}`)).status).toBe(400);
  }
});

onEachStore((kind) => {
  test("AD2 twenty cancels of running and waiting jobs are answered within a second", async () => {
    const mill = await Scene.on(kind).open();
    const gate = new Gate();
    const worker = mill.worker({ concurrency: 10 }).handle("transcode", () => gate.pass());
    await worker.start();
    const jobs = await mill.enqueueMany(Array.from({ length: 20 }, () => ({ kind: "transcode" })));
    await until("ten run", () => gate.arrived === 10);
    const since = performance.now();
    const answers = await Promise.all(jobs.map(({ id }) => mill.cancel(id)));
    expect(performance.now() - since).toBeLessThan(1_000);
    expect(answers.filter(({ state }) => state === "cancelled")).toHaveLength(10);
    gate.open();
    const ended = await Promise.all(jobs.map(({ id }) => mill.wait(id)));
    expect(ended.map(({ state }) => state)).toEqual(jobs.map(() => "cancelled"));
  });
});

test("A6 AD7 past its time limit a job runs again when its attempt is over, and what that still says is not kept", async () => {
  const mill = await (await listening()).open();
  const worker = mill.worker({ concurrency: 2, abortGraceMs: 50 });
  const contexts: HandlerContext<Millrace>[] = [];
  const deaf = new Gate();
  worker.handle("transcode", async (_, ctx) => {
    contexts.push(ctx);
    if (ctx.attempt === 1) return deaf.pass();
    const [stale] = contexts;
    stale?.log("too late");
    stale?.progress(99);
    await expect(stale?.mill.enqueue("child")).rejects.toMatchObject({ code: "lease_lost" });
    ctx.log("in time");
    return { token: ctx.token };
  });
  await worker.start();
  const limits = { timeoutMs: 50, maxAttempts: 2, backoff: { type: "fixed", delayMs: 0 } } as const;
  const { id } = await mill.enqueue("transcode", null, limits);
  const job = await mill.wait(id);
  deaf.open();
  expect(job).toMatchObject({ state: "completed", attempt: 2, result: { token: 2 }, progress: null });
  expect(await mill.attempts(id)).toMatchObject([{ ending: "failed", error: { name: "AttemptTimeoutError" } }]);
  expect((await mill.logs(id)).map(({ text }) => text)).toEqual(["in time"]);
  expect((await mill.list({ kind: "child" })).jobs).toEqual([]);
});

test("A5 AD8 a worker with three slots keeps three leases, and is not shown as free when it is full", async () => {
  const mill = await (await listening()).open();
  const leaseMs = 500;
  const worker = mill.worker({ concurrency: 3, leaseMs, name: "three" });
  const begun = new Gate();
  worker.handle<number>("transcode", async ({ payload: leases }) => {
    void begun.pass();
    await sleep(leases * leaseMs);
  });
  await worker.start();
  const jobs = await mill.enqueueMany([3, 3, 3, 0].map((payload) => ({ kind: "transcode", payload })));
  await until("three run", () => begun.arrived === 3);
  expect(await mill.workers()).toMatchObject([{ name: "three", concurrency: 3, running: 3 }]);
  expect((await mill.explain(jobs[3]?.id ?? "job_")).sentences).toContain("Every worker that could run it is busy.");
  const ended = await Promise.all(jobs.map(({ id }) => mill.wait(id)));
  expect(ended.map(({ state, attempt }) => [state, attempt])).toEqual(jobs.map(() => ["completed", 1]));
});

test("AD12 with a hundred jobs in backoff a worker that died is noticed as soon as its lease is over", async () => {
  const { ask, mill } = await aWorkerServer({ leaseMs: 200 });
  const backoff = { type: "fixed", delayMs: 3_600_000 } as const;
  await mill.enqueueMany(Array.from({ length: 100 }, () => ({ kind: "transcode", options: { backoff } })));
  const failing = await aRemoteWorker({ ask }, { slots: 100 });
  const { jobs } = (await failing.claim(100)).body;
  await failing.settle(...jobs.map((job) => ({ ...leaseOf(job), outcome: "fail", error: "connection refused" })));
  expect(await mill.counts()).toMatchObject({ scheduled: 100 });

  const { id } = await mill.enqueue("transcode");
  await claimOne(await aRemoteWorker({ ask }));
  const since = performance.now();
  await claimOne(await aRemoteWorker({ ask }), 10_000);
  expect(performance.now() - since).toBeLessThan(200 + 5_000);
  expect(await mill.get(id)).toMatchObject({ state: "running", attempt: 2 });
});
