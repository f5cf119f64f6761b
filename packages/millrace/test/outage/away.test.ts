import { isMillraceError, openMillrace, type Job } from "millrace";
import { describe, expect, it, onTestFinished } from "vitest";
import { Gate, passed, until } from "../runtime/until.ts";
import { Producer } from "./producer.ts";
import {
  CALL_LIMIT_MS,
  expectRecovery,
  expectRefusal,
  insist,
  isCompleted,
  RECOVERY_LIMIT_MS,
  timed,
} from "./recovery.ts";
import { aServer, missingServer, newRoad, openClient } from "./road.ts";

const AWAY_MS = 8_000;

describe.skipIf(missingServer() !== undefined)("a database that is away", () => {
  const server = aServer();

  /** Away for the time of the work, and back after it, whatever came of it. */
  async function whileAway<T>(work: () => Promise<T>): Promise<T> {
    await server().stop("fast");
    try {
      return await work();
    } finally {
      await server().start();
    }
  }

  it("for 8 s while jobs run and end: each is completed once it is back, and none runs again", async () => {
    const { directUrl } = await newRoad(server());
    const mill = await openClient(directUrl);
    const gate = new Gate();
    const ran: string[] = [];
    const worker = mill.worker({ concurrency: 40 }).handle("work", async ({ id }, ctx) => {
      ran.push(id);
      await gate.pass();
      ctx.log("the last word");
      return { id };
    });
    worker.handle("quick", () => undefined);
    await worker.start();
    const jobs = await mill.enqueueMany(Array.from({ length: 30 }, () => ({ kind: "work" })));
    await until("all of them run", () => gate.arrived === jobs.length);
    await whileAway(async () => {
      gate.open();
      await passed(AWAY_MS);
    });
    await expectRecovery(mill, "quick");
    const ended = await Promise.all(jobs.map(({ id }) => mill.wait(id)));
    expect(ended.map(({ state, attempt, result }) => ({ state, attempt, result }))).toEqual(
      jobs.map(({ id }) => ({ state: "completed", attempt: 1, result: { id } })),
    );
    expect(ran.length).toBe(jobs.length);
    for (const { id } of jobs) {
      expect(await mill.attempts(id)).toEqual([]);
      expect((await mill.logs(id)).map(({ text }) => text)).toEqual(["the last word"]);
    }
    expect(worker.stats).toMatchObject({ settled: jobs.length + 1, dropped: 0 });
    expect((await mill.verify()).violations).toEqual([]);
  });

  it("refuses each call within its bound with an error that can be retried, and loses none that it took", async () => {
    const { directUrl } = await newRoad(server());
    const mill = await openClient(directUrl);
    const [first] = await mill.enqueueMany([{ kind: "work" }, { kind: "work" }]);
    const producer = new Producer(mill, "work");
    const answers = await whileAway(() =>
      Promise.all([
        timed(() => mill.enqueue("work")),
        timed(() => mill.enqueue("work", null, { queue: "new" })),
        timed(() => mill.enqueueMany([{ kind: "work" }, { kind: "work" }])),
        timed(() => mill.get(first?.id ?? "")),
        timed(() => mill.list()),
        timed(() => mill.counts()),
        timed(() => mill.cancel(first?.id ?? "")),
        timed(() => mill.number("invoices")),
        timed(() => mill.queue("default").pause()),
        timed(() => mill.verify()),
        timed(() =>
          mill
            .worker()
            .handle("work", () => undefined)
            .start(),
        ),
        timed(() => openMillrace(directUrl)),
      ]),
    );
    for (const answer of answers) expectRefusal(answer, "store_unavailable");
    await insist(() => mill.enqueue("work"));
    await producer.stop();
    await producer.expectTruth();
    expect(producer.refusals.length).toBeGreaterThan(0);
  });

  it("while jobs fall due and leases run out: both are seen to within 5 s of its return, and then at their time", async () => {
    const { url, directUrl, proxy } = await newRoad(server());
    const mill = await openClient(directUrl);
    const doomed = await openClient(url);
    const gate = new Gate();
    await doomed
      .worker({ leaseMs: 1_000, stopGraceMs: 0, abortGraceMs: 0 })
      .handle("stand", () => gate.pass())
      .start();
    const held = await mill.enqueue("stand");
    await until("it is held", () => gate.arrived === 1);
    const worker = mill.worker().handle("work", () => undefined);
    await worker.handle("stand", () => undefined).start();
    const due = await mill.enqueue("work", null, { delayMs: 2_000 });
    proxy.silence();
    await whileAway(() => passed(3_000));
    const backAt = performance.now();
    for (const { id } of [due, held]) {
      await mill.wait(id, { timeoutMs: 60_000 });
      process.stdout.write(`seen to after ${(performance.now() - backAt).toFixed(0)} ms\n`);
      expect(performance.now() - backAt).toBeLessThan(RECOVERY_LIMIT_MS);
    }
    const { id } = await mill.enqueue("work", null, { delayMs: 500 });
    const { runAt, startedAt } = await mill.wait(id, { timeoutMs: 60_000 });
    expect((startedAt?.getTime() ?? 0) - runAt.getTime()).toBeLessThan(1_000);
    gate.open();
  });

  it("when a worker starts: it says so, and works as soon as it is told to start again", async () => {
    const { directUrl } = await newRoad(server());
    const mill = await openClient(directUrl);
    await mill.enqueue("work");
    const worker = mill.worker().handle("work", () => undefined);
    const starting = whileAway(async () => {
      const { error } = await timed(() => worker.start());
      expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
    });
    await starting;
    await insist(() => worker.start());
    await expectRecovery(mill, "work");
    await worker.drain();
    expect((await mill.counts()).completed).toBe(2);
  });

  it("when a program starts, and is back before it gives up: it opens as if nothing had been", async () => {
    const { directUrl } = await newRoad(server());
    await server().stop("fast");
    const opening = openMillrace(directUrl);
    await server().start();
    const mill = await opening;
    onTestFinished(() => mill.close());
    expect((await mill.enqueue("work")).number).toBe(1);
  });

  it("while handlers say that they are done: none is told so wrongly", async () => {
    const { directUrl } = await newRoad(server());
    const mill = await openClient(directUrl);
    const gate = new Gate();
    const told = new Map<string, "completed" | "refused">();
    const worker = mill.worker({ concurrency: 20, leaseMs: 3_000 });
    worker.handle("work", async ({ id }, ctx) => {
      await gate.pass();
      try {
        await ctx.complete({ by: ctx.token });
        expect(told.get(id)).toBeUndefined();
        told.set(id, "completed");
      } catch (error) {
        if (!isMillraceError(error) || !(error.retryable || error.code === "lease_lost")) throw error;
        if (!told.has(id)) told.set(id, "refused");
        throw error;
      }
    });
    await worker.start();
    const jobs = await mill.enqueueMany(
      Array.from({ length: 20 }, () => ({ kind: "work", options: { maxAttempts: 50, backoff: BACKOFF } })),
    );
    await until("all of them run", () => gate.arrived >= jobs.length);
    await whileAway(async () => {
      gate.open();
      await until("all have been told", () => told.size === jobs.length, 2 * CALL_LIMIT_MS);
    });
    expect([...told.values()]).toEqual(jobs.map(() => "refused"));
    await insist(() => worker.drain());
    const ended = await mill.list({}, { limit: 100 });
    expect(ended.jobs.every((job: Job) => isCompleted(job))).toBe(true);
    expect((await mill.verify()).violations).toEqual([]);
  });
});

const BACKOFF = { type: "fixed", delayMs: 20 } as const;
