import { cancel, defineJob, openMillrace, type Job, type Worker, type Millrace } from "millrace";
import { describe, expect, it } from "vitest";
import { Gate, passed, reasonOf, until } from "../runtime/until.ts";
import { API_KEY, jwtFor } from "./bench.ts";
import { listening } from "./listening.ts";

async function started(worker: Worker<Millrace>): Promise<Worker<Millrace>> {
  await worker.start();
  return worker;
}

describe("the library on a server", () => {
  it("enqueues, looks, waits, cancels, retries and explains", async () => {
    const { open, served } = await listening();
    const mill = await open();
    const job = await mill.enqueue("mail.send", { to: "ada" }, { queue: "mail", priority: "high", tags: { a: "b" } });
    expect(job).toEqual(await served.get(job.id));
    expect(job).toMatchObject({ number: 1, createdBy: "api-key", runAt: expect.any(Date) as Date, priority: 10 });
    expect(await mill.find({ scope: "mail", number: 1 })).toEqual(job);
    expect((await mill.list({ tag: "a=b" })).jobs).toEqual([job]);
    expect((await mill.explain(job.id)).sentences).toEqual((await served.explain(job.id)).sentences);
    const waiting = mill.wait(job.id);
    expect(await mill.cancel(job.id, { reason: "typo" })).toMatchObject({ state: "cancelled", cancelReason: "typo" });
    expect(await waiting).toMatchObject({ state: "cancelled" });
    await expect(mill.retry((await mill.enqueue("k")).id)).rejects.toMatchObject({ code: "state_conflict" });
    expect(await mill.retry(job.id)).toMatchObject({ retryOf: job.id, state: "queued" });
    expect(await mill.counts()).toMatchObject({ queued: 2, cancelled: 1 });
    const many = await mill.enqueueMany([1, 2].map((payload) => ({ kind: "k", payload })));
    expect(many.map(({ payload }) => payload)).toEqual([1, 2]);
    expect(await mill.get("job_01k0c9m2w8x7q5v3r1t4y6p8n0")).toBeNull();
  });

  it("answers an enqueue with the live job of the key, and refuses another payload under it", async () => {
    const mill = await (await listening()).open();
    const job = await mill.enqueue("k", 1, { key: "one" });
    // Together in one request: only the second of them is refused.
    const results = await Promise.allSettled([
      mill.enqueue("k", 1, { key: "one" }),
      mill.enqueue("k", 2, { key: "one" }),
      mill.enqueue("k", 3),
    ]);
    expect(results).toMatchObject([
      { status: "fulfilled", value: { id: job.id } },
      { status: "rejected", reason: { code: "duplicate_job", details: { job: job.id } } },
      { status: "fulfilled", value: { payload: 3 } },
    ]);
    const both = mill.enqueueMany([{ kind: "k" }, { kind: "k", payload: 2, options: { key: "one" } }]);
    await expect(both).rejects.toMatchObject({ code: "duplicate_job" });
    expect(await mill.counts()).toMatchObject({ queued: 2 });
  });

  it("steers queues and schedules, and hears events", async () => {
    const { open, served } = await listening();
    const mill = await open();
    const events = mill.events();
    expect(await mill.queue("mail").pause()).toMatchObject({ isPaused: true });
    expect(await mill.queue("mail").configure({ maxAttempts: 7 })).toMatchObject({ settings: { maxAttempts: 7 } });
    expect(await mill.queues()).toEqual(await served.queues());
    await mill.schedule("nightly", "0 3 * * *", "report", { all: true }, { timeZone: "Europe/Berlin" });
    expect(await mill.schedules()).toEqual(await served.schedules());
    await mill.unschedule("nightly");
    await expect(mill.unschedule("nightly")).rejects.toMatchObject({ code: "schedule_not_found" });
    const job = await mill.enqueue("k");
    expect((await events.next()).value).toMatchObject({ type: "enqueued", job: job.id, at: expect.any(Date) as Date });
    await events.return?.();
  });

  it("sees what its key may see", async () => {
    const { open, served } = await listening();
    const member = await open(await jwtFor("ann", "member"));
    const own = await member.enqueue("k");
    const other = await served.enqueue("k");
    await expect(member.get(other.id)).rejects.toMatchObject({ code: "forbidden" });
    expect((await member.list()).jobs.map(({ id }) => id)).toEqual([own.id]);
    const waiting = member.wait(own.id);
    await served.cancel(own.id);
    expect(await waiting).toMatchObject({ state: "cancelled" });
    const stranger = await open(await jwtFor("bob", "owner", "acme"));
    expect(await stranger.get(own.id)).toBeNull();
    const theirs = await stranger.enqueue("k");
    expect(theirs).toMatchObject({ org: "acme", number: 1 });
    expect(await stranger.get(theirs.id)).toEqual(theirs);
    expect(() => stranger.forOrg("default")).toThrow('the key belongs to the organisation "acme"');
  });

  it("says at once what cannot be", async () => {
    const { url, open } = await listening();
    const refused: readonly (readonly [object, string])[] = [
      [{}, "a server asks for a key"],
      [{ key: "wrong" }, "the key is not known"],
      [{ key: API_KEY, org: "acme" }, "org is that of the key"],
      [{ key: API_KEY, schema: "s" }, "schema is an option of PostgreSQL"],
      [{ key: API_KEY, migrate: true }, "migrate is an option of stores"],
    ];
    for (const [options, says] of refused) await expect(openMillrace(url, options)).rejects.toThrow(says);
    await expect(openMillrace("memory:", { key: API_KEY })).rejects.toThrow("key is an option of servers");
    await expect(openMillrace("http://ada:pw@localhost", { key: "k" })).rejects.toThrow("url must be an address");
    const mill = await open();
    const calls = [() => mill.number("s"), () => mill.verify(), () => mill.diagnose(), () => mill.migrate()];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "options_invalid" });
    expect(() => mill.enqueue("k", 1, { tx: {} })).toThrow("not over HTTP");
    await mill.close();
    await expect(mill.enqueue("k")).rejects.toMatchObject({ code: "shutting_down" });
  });
});

describe("a worker on a server", () => {
  it("runs handlers, with progress, logs, children and attempts", async () => {
    const { open, served } = await listening();
    const mill = await open();
    const worker = mill.worker({ concurrency: 2, name: "press" });
    worker.handle("parent", async (job, ctx) => {
      ctx.progress(40, "pass 1");
      ctx.log("one\ntwo");
      if (ctx.attempt === 1) throw new Error("once more");
      const child = await ctx.mill.enqueue("child", job.payload);
      return { child: child.id };
    });
    worker.handle("child", async ({ payload }) => payload);
    await started(worker);
    expect(await served.workers()).toMatchObject([{ id: worker.id, name: "press", pid: process.pid, concurrency: 2 }]);
    const job = await mill.enqueue("parent", { n: 1 }, { backoff: { type: "fixed", delayMs: 1 } });
    const ended = await mill.wait<unknown, { child: string }>(job.id);
    expect(ended).toMatchObject({ state: "completed", attempt: 2, progress: { percent: 40, message: "pass 1" } });
    expect(await mill.wait(ended.result?.child ?? "")).toMatchObject({ result: { n: 1 }, createdBy: worker.id });
    expect((await mill.logs(job.id)).map(({ text, attempt }) => [text, attempt])).toEqual([
      ["one", 1],
      ["two", 1],
      ["one", 2],
      ["two", 2],
    ]);
    expect(await mill.attempts(job.id)).toEqual(await served.attempts(job.id));
    await worker.stop();
    expect(await served.workers()).toEqual([]);
  });

  it("holds to the limits of its definitions, before those of the queue and after the job's own", async () => {
    const mill = await (await listening()).open();
    await mill.queue("q").configure({ timeoutMs: 600_000, backoff: { type: "fixed", delayMs: 1 } });
    const slow = defineJob("slow", { queue: "q", timeoutMs: 20, backoff: () => 500_000, maxAttempts: 2 });
    const worker = mill.worker();
    worker.handle(slow, async (_, ctx) => {
      throw await reasonOf(ctx.signal);
    });
    await started(worker);
    const before = Date.now();
    // By its name, so that the job has no limits of its own.
    const job = await mill.enqueue("slow", null, { queue: "q" });
    await until("the attempt has ended", async () => (await mill.get(job.id))?.state === "scheduled");
    const now = await mill.get(job.id);
    expect(now?.error).toMatchObject({ name: "AttemptTimeoutError" });
    expect((now?.runAt.getTime() ?? 0) - before).toBeGreaterThan(400_000);
    const own = await mill.enqueue("slow", null, { queue: "q", timeoutMs: 300_000 });
    await until("it runs", async () => (await mill.get(own.id))?.state === "running");
    await passed(100);
    expect(await mill.get(own.id)).toMatchObject({ state: "running" });
    await worker.stop({ force: true });
    expect(await mill.get(own.id)).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("needs no more than the key of a worker", async () => {
    const { open, served } = await listening();
    const mill = await open(await jwtFor("farm", "worker"));
    const worker = mill.worker();
    worker.handle("parent", async (_, ctx) => {
      ctx.log("here");
      await ctx.mill.enqueue("child");
    });
    worker.handle("child", async () => undefined);
    await started(worker);
    const job = await served.enqueue("parent");
    expect(await served.wait(job.id)).toMatchObject({ state: "completed" });
    await until("the child has ended, too", async () => (await served.counts()).completed === 2);
    expect(await served.logs(job.id)).toMatchObject([{ text: "here" }]);
    await expect(mill.get(job.id)).rejects.toMatchObject({ code: "forbidden" });
    await expect(mill.enqueue("k")).rejects.toMatchObject({ code: "forbidden" });
  });

  it("is given the secrets of its jobs, those of a retry too", async () => {
    const { open, served } = await listening();
    const mill = await open();
    const worker = mill.worker();
    worker.handle("k", async (_, ctx) => {
      const { TOKEN } = await ctx.secrets();
      ctx.log(`it is ${TOKEN}`);
      return { length: TOKEN?.length };
    });
    await started(worker);
    const job = await mill.enqueue("k", null, { secrets: { TOKEN: "t0ken-of-the-first" } });
    expect(await mill.wait(job.id)).toMatchObject({ state: "completed", result: { length: 18 } });
    const again = await mill.retry(job.id, { secrets: { TOKEN: "another-one" } });
    expect(await mill.wait(again.id)).toMatchObject({ state: "completed", result: { length: 11 } });
    const lines = [...(await served.logs(job.id)), ...(await served.logs(again.id))].map(({ text }) => text);
    expect(lines).toHaveLength(2);
    expect(lines.join(" ")).not.toMatch(/t0ken|another/);
  });

  it("hears of a cancel within two seconds, and may cancel by itself", async () => {
    const mill = await (await listening()).open();
    const worker = mill.worker();
    const running = new Gate();
    worker.handle("long", async (_, ctx) => {
      void running.pass();
      throw await reasonOf(ctx.signal);
    });
    worker.handle("own", async () => cancel("not today"));
    await started(worker);
    const job = await mill.enqueue("long");
    await until("it runs", () => running.arrived === 1);
    await mill.cancel(job.id, { reason: "enough" });
    const since = performance.now();
    expect(await mill.wait(job.id)).toMatchObject({ state: "cancelled", cancelReason: "enough" });
    expect(performance.now() - since).toBeLessThan(2_000);
    const own = await mill.enqueue("own");
    expect(await mill.wait(own.id)).toMatchObject({ state: "cancelled", cancelReason: "not today" });
  });

  it("serves queues by their weights, with jobs fetched ahead, each once", async () => {
    const mill = await (await listening()).open();
    const ran: Job[] = [];
    await mill.enqueueMany(
      Array.from({ length: 60 }, (_, i) => ({ kind: "k", payload: i, options: { queue: i < 30 ? "a" : "b" } })),
    );
    const worker = mill.worker({ queues: { a: 2, b: 1 }, concurrency: 3, prefetch: 6 });
    worker.handle("k", async (job) => void ran.push(job));
    await started(worker);
    await worker.drain();
    expect(new Set(ran.map(({ id }) => id)).size).toBe(60);
    expect(ran).toHaveLength(60);
    expect(ran.slice(0, 9).filter(({ queue }) => queue === "a")).toHaveLength(6);
  });

  it("stops at once when it waits for work, and hands nothing back that it never had", async () => {
    const { open, served } = await listening();
    const worker = (await open()).worker();
    worker.handle("k", async () => undefined);
    await started(worker);
    await passed(300);
    const since = performance.now();
    await worker.stop();
    expect(performance.now() - since).toBeLessThan(1_000);
    const job = await served.enqueue("k");
    await passed(200);
    expect(await served.get(job.id)).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("goes on when the server has restarted, with another secret for workers' keys", async () => {
    const { open, served, restart } = await listening();
    const mill = await open(await jwtFor("ann", "owner"));
    const worker = mill.worker({ concurrency: 4 });
    const runs = new Map<string, number>();
    const gate = new Gate();
    worker.handle("k", async (job) => {
      runs.set(job.id, (runs.get(job.id) ?? 0) + 1);
      await gate.pass();
    });
    await started(worker);
    const jobs = await served.enqueueMany(Array.from({ length: 20 }, () => ({ kind: "k" })));
    await until("some run", () => gate.arrived === 4);
    await restart({ apiKey: `${API_KEY}-of-another-time` });
    gate.open();
    for (const { id } of jobs) await served.wait(id);
    expect([...runs.values()]).toEqual(jobs.map(() => 1));
    expect(await served.counts()).toMatchObject({ completed: 20 });
  });
});
