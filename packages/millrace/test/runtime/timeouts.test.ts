import { AttemptTimeoutError, defineJob, type Handler, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";
import { Gate, reasonOf } from "./until.ts";

onEveryStore("the time limit of an attempt", (bench) => {
  it("fires the signal with AttemptTimeoutError, and the attempt has failed", async () => {
    const mill = await bench().open();
    const reasons: unknown[] = [];
    await bench()
      .worker(mill)
      .handle("slow", async (_, ctx) => {
        reasons.push(await reasonOf(ctx.signal));
        throw new Error("stopped");
      })
      .start();
    const job = await mill.wait((await mill.enqueue("slow", null, { timeoutMs: 30, maxAttempts: 1 })).id);
    expect(reasons[0]).toBeInstanceOf(AttemptTimeoutError);
    expect(job).toMatchObject({ state: "failed", error: { name: "AttemptTimeoutError", permanent: false } });
    expect(job.error?.message).toContain("30 ms");
  });

  it("is counted as a failed attempt, and the job is tried again", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("slow", async (_, ctx) => {
        if (ctx.attempt === 1) await reasonOf(ctx.signal);
        return { attempt: ctx.attempt };
      })
      .start();
    const options = { timeoutMs: 40, maxAttempts: 2, backoff: { type: "fixed", delayMs: 0 } } as const;
    const job = await mill.wait((await mill.enqueue("slow", null, options)).id);
    expect(job).toMatchObject({ state: "completed", attempt: 2, result: { attempt: 2 } });
  });

  it("outranks a value that comes after it", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("late", async (_, ctx) => {
        await reasonOf(ctx.signal);
        return "too late";
      })
      .start();
    const job = await mill.wait((await mill.enqueue("late", null, { timeoutMs: 20, maxAttempts: 1 })).id);
    expect(job).toMatchObject({ state: "failed", result: null, error: { name: "AttemptTimeoutError" } });
  });

  it("ends an attempt whose handler ignores its signal, after the grace; the slot is free again", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench().worker(mill, { concurrency: 1, abortGraceMs: 50 });
    await worker
      .handle("deaf", () => gate.pass())
      .handle("next", () => "ran")
      .start();
    const deaf = await mill.enqueue("deaf", null, { timeoutMs: 20, maxAttempts: 1 });
    const next = await mill.enqueue("next");
    expect(await mill.wait(deaf.id)).toMatchObject({ state: "failed", error: { name: "AttemptTimeoutError" } });
    expect(await mill.wait(next.id)).toMatchObject({ state: "completed", result: "ran" });
    gate.open();
    await worker.drain();
    expect(await mill.get(deaf.id)).toMatchObject({ state: "failed", result: null });
  });

  it("is the job's, else the definition's, else the queue's", async () => {
    const mill = await bench().open();
    await mill.queue("timed").configure({ timeoutMs: 23 });
    const defined = defineJob("defined", { queue: "timed", timeoutMs: 22 });
    const bare = defineJob("bare", { queue: "timed" });
    const untilAborted: Handler<unknown, Millrace> = async (_, ctx) => void (await reasonOf(ctx.signal));
    await bench().worker(mill).handle(defined, untilAborted).handle(bare, untilAborted).start();
    const jobs = await Promise.all([
      mill.enqueue(defined, null, { timeoutMs: 21, maxAttempts: 1 }),
      mill.enqueue(defined, null, { maxAttempts: 1 }),
      mill.enqueue("defined", null, { maxAttempts: 1, queue: "timed" }),
      mill.enqueue(bare, null, { maxAttempts: 1 }),
    ]);
    const ended = await Promise.all(jobs.map(({ id }) => mill.wait(id)));
    const limits = ended.map(({ error }) => Number(/limit of (\d+) ms/.exec(error?.message ?? "")?.[1]));
    expect(limits).toEqual([21, 22, 22, 23]);
  });

  it("of a definition holds at the worker also for a job that was enqueued by its name", async () => {
    const mill = await bench().open();
    const defined = defineJob("defined", { timeoutMs: 25, maxAttempts: 1 });
    await bench()
      .worker(mill)
      .handle(defined, async (_, ctx) => void (await reasonOf(ctx.signal)))
      .start();
    const job = await mill.wait((await mill.enqueue("defined", null, { maxAttempts: 1 })).id);
    expect(job.error?.message).toContain("25 ms");
  });
});
