import { setTimeout as sleep } from "node:timers/promises";
import { defineJob, PermanentError, snooze } from "millrace";
import { openTestMillrace } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const HOUR_MS = 3_600_000;

describe("the clock of a test queue", () => {
  it("moves over a backoff of hours, and the job runs again after exactly that", async () => {
    await using queue = await openTestMillrace({ startAt: new Date("2030-01-01T00:00:00Z") });
    const { mill, drain, clock } = queue;
    const worker = mill.worker();
    const triedAt: string[] = [];
    worker.handle("mail.send", () => {
      triedAt.push(clock.date().toISOString());
      if (triedAt.length < 3) throw new Error("connection refused");
    });
    await worker.start();
    await mill.enqueue("mail.send", null, { backoff: { type: "fixed", delayMs: HOUR_MS } });
    const { ran, completed, attempts, passedMs } = await drain();
    expect(triedAt).toEqual(["2030-01-01T00:00:00.000Z", "2030-01-01T01:00:00.000Z", "2030-01-01T02:00:00.000Z"]);
    expect([completed, attempts, passedMs]).toEqual([1, 3, 2 * HOUR_MS]);
    expect(ran[0]?.endings).toEqual(["failed", "failed", "completed"]);
  });

  it("fires a schedule at each of its times while days pass, and lets the handlers take real time", async () => {
    await using queue = await openTestMillrace({ startAt: new Date("2030-03-30T12:00:00Z") });
    const { mill, clock, enqueued } = queue;
    const worker = mill.worker();
    worker.handle("report.send", () => sleep(2));
    await worker.start();
    await mill.schedule("nightly", "0 3 * * *", "report.send", null, { timeZone: "Europe/Berlin" });
    await clock.advance(3 * 24 * HOUR_MS);
    const jobs = await enqueued({ kind: "report.send", state: "completed" });
    // The clocks of Berlin went forward on the 31st.
    expect(jobs.map(({ createdAt }) => createdAt.toISOString())).toEqual([
      "2030-03-31T01:00:00.000Z",
      "2030-04-01T01:00:00.000Z",
      "2030-04-02T01:00:00.000Z",
    ]);
  });

  it("holds a delayed job back until its very millisecond", async () => {
    await using queue = await openTestMillrace();
    const { mill, clock } = queue;
    const worker = mill.worker().handle("later", () => "done");
    await worker.start();
    const { id } = await mill.enqueue("later", null, { delayMs: HOUR_MS });
    await clock.advance(HOUR_MS - 1);
    expect((await mill.get(id))?.state).toBe("scheduled");
    await clock.advance(1);
    expect((await mill.get(id))?.state).toBe("completed");
  });

  it("fires the time limit of a handler that waits for something that never comes", async () => {
    await using queue = await openTestMillrace();
    const { mill, clock } = queue;
    const worker = mill.worker().handle("hang", async (_, ctx) => sleep(1e8, undefined, { signal: ctx.signal }));
    await worker.start();
    const { id } = await mill.enqueue("hang", null, { timeoutMs: 60_000, maxAttempts: 1 });
    await clock.advance(59_999);
    expect((await mill.get(id))?.state).toBe("running");
    await clock.advance(1);
    expect(await mill.get(id)).toMatchObject({ state: "failed", error: { name: "AttemptTimeoutError" } });
  });

  it("keeps the lease of a handler that sleeps by it for longer than a lease", async () => {
    await using queue = await openTestMillrace();
    const { mill, clock, drain } = queue;
    const tokens: number[] = [];
    const worker = mill.worker().handle("slow", async (_, ctx) => {
      tokens.push(ctx.token);
      await clock.sleep(120_000, ctx);
    });
    await worker.start();
    await mill.enqueue("slow");
    const { completed, passedMs } = await drain();
    expect([completed, passedMs, tokens]).toEqual([1, 120_000, [1]]);
  });

  it("fires the signal of a handler whose job is cancelled, a moment after", async () => {
    await using queue = await openTestMillrace({ patienceMs: 20 });
    const { mill, clock, drain } = queue;
    const firedAt: number[] = [];
    const worker = mill.worker().handle("long", async (_, ctx) => {
      ctx.signal.addEventListener("abort", () => firedAt.push(clock.now()));
      await clock.sleep(600_000, ctx);
    });
    await worker.start();
    const { id } = await mill.enqueue("long");
    await clock.advance(10_000);
    const cancelledAt = clock.now();
    await mill.cancel(id, { by: "ada" });
    const { cancelled } = await drain();
    expect(cancelled).toBe(1);
    expect(firedAt.map((at) => at - cancelledAt)).toEqual([50]);
  });

  it("refuses to go back", async () => {
    await using queue = await openTestMillrace();
    await expect(queue.clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(queue.clock.advanceTo(queue.clock.now() - 1)).rejects.toThrow("already");
  });
});

describe("drain", () => {
  it("tells how each job ended, and what its handlers enqueued is run as well", async () => {
    await using queue = await openTestMillrace();
    const { mill, drain } = queue;
    const worker = mill.worker();
    worker.handle("parent", async (_, ctx) => void (await ctx.mill.enqueue("child")));
    worker.handle("child", async (_, ctx) => (await sleep(5), ctx.token < 3 ? snooze(HOUR_MS) : { ok: true }));
    worker.handle("wrong", () => {
      throw new PermanentError("no such address");
    });
    await worker.start();
    await mill.enqueue("parent");
    await mill.enqueue("wrong");
    const summary = await drain();
    expect(summary).toMatchObject({ completed: 2, failed: 1, cancelled: 0, attempts: 5, left: [] });
    expect(summary.ran.map(({ job, endings }) => `${job.kind}: ${endings.join()}`).toSorted()).toEqual([
      "child: snoozed,snoozed,completed",
      "parent: completed",
      "wrong: failed",
    ]);
  });

  it("says of jobs that nobody can run why that is", async () => {
    await using queue = await openTestMillrace();
    const { mill, drain } = queue;
    await mill.queue("paused").pause();
    await mill.enqueue("known", null, { queue: "paused" });
    await mill.enqueue("known", null, { requires: ["gpu"] });
    await mill.enqueue("unknown");
    await mill.worker().handle("known", () => null).start(); // prettier-ignore
    const { left, ran } = await drain();
    expect(ran).toEqual([]);
    expect(left.map(({ why }) => why[0])).toEqual([
      'The queue "paused" is paused.',
      'No live worker of the queue "default" has the label "gpu".',
      'The worker that took it has no handler for "unknown"; it knows "known".',
    ]);
  });

  it("asks for a worker when there is work and none was started", async () => {
    await using queue = await openTestMillrace();
    expect((await queue.drain()).ran).toEqual([]);
    await queue.mill.enqueue("mail.send");
    await expect(queue.drain()).rejects.toThrow("no worker runs");
  });

  it("ends at its bounds with an error that names the jobs and explains them", async () => {
    await using queue = await openTestMillrace({ patienceMs: 20 });
    const { mill, drain } = queue;
    const worker = mill.worker();
    worker.handle("poll", () => snooze(1_000));
    worker.handle("again", async (_, ctx) => void (await ctx.mill.enqueue("again", null, { queue: "loop" })));
    worker.handle("hang", async () => new Promise<never>(() => undefined));
    await worker.start();
    const { id } = await mill.enqueue("poll");
    await expect(drain({ withinMs: 60_000 })).rejects.toThrow(
      /60000 ms of the clock have passed, and 1 job is left:\n {2}poll default#1 is scheduled: It was put off until/,
    );
    await mill.cancel(id);
    await mill.enqueue("hang");
    await expect(drain({ withinMs: 60_000 })).rejects.toThrow(/hang default#2 is running: It has been running on/);
    await mill.enqueue("again", null, { queue: "loop" });
    await expect(drain({ queue: "loop", attempts: 50 })).rejects.toThrow(
      /50 attempts have ended[\s\S]*again loop#5\d is queued/,
    );
  });

  it("drains one queue and leaves what waits in others", async () => {
    await using queue = await openTestMillrace();
    const { mill, drain } = queue;
    await mill.worker().handle("any", () => null).start(); // prettier-ignore
    await mill.enqueue("any", null, { queue: "mail", delayMs: 1_000 });
    await mill.enqueue("any", null, { queue: "film", delayMs: HOUR_MS });
    const { ran, passedMs } = await drain({ queue: "mail" });
    expect(ran.map(({ job }) => job.queue)).toEqual(["mail"]);
    expect(passedMs).toBe(1_000);
    expect((await mill.counts({ queue: "film" })).scheduled).toBe(1);
  });
});

describe("a test queue", () => {
  it("shows what was enqueued, by kind, queue, state and part of the payload", async () => {
    await using queue = await openTestMillrace();
    const { mill, enqueued } = queue;
    const mail = defineJob("mail.send", { input: z.object({ to: z.string(), tags: z.array(z.string()).default([]) }) });
    await mill.enqueue(mail, { to: "ada@example.com" });
    await mill.enqueue(mail, { to: "bob@example.com", tags: ["x"] }, { queue: "bulk" });
    await mill.enqueue("film.cut", { to: "ada@example.com" });
    const [first, ...more] = await enqueued({ kind: mail });
    expect([first?.payload.to, more.length]).toEqual(["ada@example.com", 1]);
    expect(await enqueued({ payload: { to: "ada@example.com" } })).toHaveLength(2);
    expect(await enqueued({ payload: { tags: ["x"] } })).toHaveLength(1);
    expect(await enqueued({ queue: "bulk", payload: { tags: ["y"] } })).toEqual([]);
    expect((await enqueued()).map(({ number, queue: name }) => `${name}#${number}`)).toEqual(["default#1", "bulk#1", "default#2"]); // prettier-ignore
  });

  it("makes the same ids, jitter and results from the same seed, and others from another", async () => {
    const [once, again, other] = [await storyOf(7), await storyOf(7), await storyOf(8)];
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("closes over a handler that hears nothing, and a second time", async () => {
    const queue = await openTestMillrace({ patienceMs: 10 });
    await queue.mill.worker().handle("deaf", async () => new Promise<never>(() => undefined)).start(); // prettier-ignore
    await queue.mill.enqueue("deaf");
    await queue.clock.advance(0);
    await queue.close();
    await queue.close();
    await expect(queue.mill.enqueue("deaf")).rejects.toThrow("closed");
  });

  it("opens the secrets of jobs without a key", async () => {
    await using queue = await openTestMillrace();
    const worker = queue.mill
      .worker()
      .handle("login", async (_, ctx) => ({ length: (await ctx.secrets())["PIN"]?.length }));
    await worker.start();
    await queue.mill.enqueue("login", null, { secrets: { PIN: "123456" } });
    expect((await queue.drain()).ran[0]?.job.result).toEqual({ length: 6 });
  });

  it("names every wrong option", async () => {
    const opening = openTestMillrace({ seed: 0.5, patienceMs: -1, startAt: new Date("never"), org: "" });
    await expect(opening).rejects.toThrow(/org[\s\S]*seed[\s\S]*startAt[\s\S]*patienceMs/);
    await expect(openTestMillrace({ sed: 1 } as object)).rejects.toThrow('did you mean "seed"');
  });
});

async function storyOf(seed: number): Promise<unknown> {
  await using queue = await openTestMillrace({ seed });
  const { mill, drain } = queue;
  const worker = mill.worker().handle("flaky", (job, ctx) => {
    if (ctx.attempt < 3) throw new Error("not yet");
    return job.id;
  });
  await worker.start();
  await mill.enqueueMany([{ kind: "flaky" }, { kind: "flaky" }]);
  const { ran, passedMs } = await drain();
  return { passedMs, ran: ran.map(({ job }) => [job.id, job.finishedAt, job.result]) };
}
