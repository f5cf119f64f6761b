import { cancel, defineJob, fail, PermanentError, snooze, type BackoffPolicy } from "millrace";
import { expect, it } from "vitest";
import { z } from "zod";
import { onEveryStore } from "./bench.ts";

const AT_ONCE: BackoffPolicy = { type: "fixed", delayMs: 0 };

onEveryStore("what a handler does", (bench) => {
  it("completes the job with what it returns", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("sum", (job: { payload: number[] }) => ({ sum: job.payload[0] }))
      .start();
    const job = await mill.wait((await mill.enqueue("sum", [41])).id);
    expect(job).toMatchObject({ state: "completed", result: { sum: 41 }, error: null, attempt: 1 });
  });

  it("completes the job with null when it returns nothing", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("quiet", async () => undefined)
      .start();
    expect(await mill.wait((await mill.enqueue("quiet")).id)).toMatchObject({ state: "completed", result: null });
  });

  it("is tried again after its backoff when it throws, until it does not", async () => {
    const mill = await bench().open();
    const startedAt: number[] = [];
    const worker = bench()
      .worker(mill)
      .handle("flaky", (_, ctx) => {
        startedAt.push(performance.now());
        if (ctx.attempt < 3) throw new TypeError(`no luck on attempt ${ctx.attempt}`);
        return { luck: ctx.attempt };
      });
    await worker.start();
    const backoff: BackoffPolicy = { type: "exponential", delayMs: 60, jitter: 0 };
    const { id } = await mill.enqueue("flaky", null, { maxAttempts: 5, backoff });
    expect(await mill.wait(id)).toMatchObject({ state: "completed", attempt: 3, result: { luck: 3 }, error: null });
    const [first = 0, second = 0, third = 0] = startedAt;
    expect(second - first).toBeGreaterThanOrEqual(59);
    expect(third - second).toBeGreaterThanOrEqual(119);
    expect(await mill.attempts(id)).toMatchObject([
      { attempt: 1, ending: "failed", error: { name: "TypeError", message: "no luck on attempt 1", permanent: false } },
      { attempt: 2, ending: "failed", error: { attempt: 2 } },
    ]);
  });

  it("fails the job when it throws on the last attempt, and the error is kept", async () => {
    const mill = await bench().open();
    let runs = 0;
    await bench()
      .worker(mill)
      .handle("broken", () => {
        runs += 1;
        throw new RangeError("too far");
      })
      .start();
    const job = await mill.wait((await mill.enqueue("broken", null, { maxAttempts: 2, backoff: AT_ONCE })).id);
    expect(job).toMatchObject({
      state: "failed",
      attempt: 2,
      error: { name: "RangeError", message: "too far", attempt: 2 },
    });
    expect(runs).toBe(2);
  });

  it("fails the job at once with a PermanentError, or with fail()", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("thrown", () => Promise.reject(new PermanentError("no such file")))
      .handle("returned", () => fail("the card was refused"))
      .start();
    const thrown = await mill.wait((await mill.enqueue("thrown")).id);
    const returned = await mill.wait((await mill.enqueue("returned")).id);
    expect(thrown).toMatchObject({ state: "failed", attempt: 1, maxAttempts: 3 });
    expect(thrown.error).toEqual({ name: "PermanentError", message: "no such file", permanent: true, attempt: 1 });
    expect(returned.error).toEqual({ name: "Failed", message: "the card was refused", permanent: true, attempt: 1 });
  });

  it("puts the job off with snooze(), and the attempt is not counted", async () => {
    const mill = await bench().open();
    const seen: number[] = [];
    const tokens: number[] = [];
    await bench()
      .worker(mill)
      .handle("later", (_, ctx) => {
        seen.push(ctx.attempt);
        tokens.push(ctx.token);
        return seen.length < 4 ? snooze(5) : { done: true };
      })
      .start();
    const job = await mill.wait((await mill.enqueue("later", null, { maxAttempts: 1 })).id);
    expect(job).toMatchObject({ state: "completed", attempt: 1 });
    expect(seen).toEqual([1, 1, 1, 1]);
    expect(tokens).toEqual([1, 2, 3, 4]);
  });

  it("cancels the job with cancel(), in the worker's name", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("moot", () => cancel("nobody needs it"));
    await worker.start();
    const job = await mill.wait((await mill.enqueue("moot")).id);
    expect(job).toMatchObject({
      state: "cancelled",
      cancelReason: "nobody needs it",
      cancelledBy: worker.id,
      error: null,
    });
  });

  it("is told apart by the backoff function of its definition", async () => {
    const mill = await bench().open();
    const asked: [number, string][] = [];
    const moody = defineJob("moody", { backoff: (attempt, error) => asked.push([attempt, error.message]) });
    await bench()
      .worker(mill)
      .handle(moody, () => {
        throw new Error("again");
      })
      .start();
    await mill.wait((await mill.enqueue(moody, null, { maxAttempts: 3 })).id);
    expect(asked).toEqual([
      [1, "again"],
      [2, "again"],
    ]);
  });
});

onEveryStore("a definition's output", (bench) => {
  const counted = defineJob("counted", { output: z.object({ success: z.literal(true), n: z.number().default(1) }) });

  it("is what a result becomes", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle(counted, () => ({ success: true, more: "than asked for" }));
    await worker.start();
    expect((await mill.wait((await mill.enqueue(counted, null)).id)).result).toEqual({ success: true, n: 1 });
  });

  it("fails the job for good when the result is another, and names the field", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle(counted, () => ({ success: false }));
    await worker.start();
    const job = await mill.wait((await mill.enqueue(counted, null)).id);
    expect(job).toMatchObject({ state: "failed", attempt: 1, result: null, error: { permanent: true } });
    expect(job.error?.message).toMatch(/^the result of "counted" is wrong: success: /);
  });

  it("holds for ctx.complete, too, and what is returned after it is ignored", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle(counted, async ({ payload }, ctx) => {
        await ctx.complete(payload as object);
        return { success: false };
      });
    await worker.start();
    const [right, wrong] = await mill.enqueueMany([
      { definition: counted, payload: { success: true } },
      { definition: counted, payload: { success: "perhaps" } },
    ]);
    expect(await mill.wait(right?.id ?? "")).toMatchObject({ state: "completed", result: { success: true, n: 1 } });
    expect(await mill.wait(wrong?.id ?? "")).toMatchObject({ state: "failed", attempt: 1 });
  });

  it("is not asked about a job that is put off, fails or is cancelled", async () => {
    const mill = await bench().open();
    const outcomes = [() => snooze(0), () => cancel("enough")];
    const worker = bench()
      .worker(mill)
      .handle(counted, () => outcomes.shift()?.());
    await worker.start();
    expect(await mill.wait((await mill.enqueue(counted, null)).id)).toMatchObject({
      state: "cancelled",
      cancelReason: "enough",
    });
  });
});

onEveryStore("a definition's isPermanent", (bench) => {
  it("says of what was thrown whether it is tried again", async () => {
    const mill = await bench().open();
    const asked: unknown[] = [];
    const fetched = defineJob<number>("fetched", {
      backoff: AT_ONCE,
      maxAttempts: 2,
      isPermanent: (thrown) => asked.push(thrown) > 0 && (thrown as { status: number }).status === 404,
    });
    const worker = bench()
      .worker(mill)
      .handle(fetched, ({ payload }) => Promise.reject(Object.assign(new Error("no"), { status: payload })));
    await worker.start();
    const gone = await mill.wait((await mill.enqueue(fetched, 404)).id);
    expect(gone).toMatchObject({ state: "failed", attempt: 1, error: { message: "no", permanent: true } });
    const away = await mill.wait((await mill.enqueue(fetched, 503)).id);
    expect(away).toMatchObject({ state: "failed", attempt: 2, error: { permanent: false } });
    expect(asked).toMatchObject([{ status: 404 }, { status: 503 }, { status: 503 }]);
  });

  it("that throws, as a backoff may, hides nothing of the failure: the job is tried again as its queue says", async () => {
    const mill = await bench().open();
    await mill.queue("default").configure({ backoff: AT_ONCE });
    const broken = (): never => {
      throw new Error("a mistake in the definition");
    };
    const hasty = defineJob("hasty", { maxAttempts: 2, backoff: broken, isPermanent: broken });
    const worker = bench()
      .worker(mill)
      .handle(hasty, () => Promise.reject(new Error("the failure")));
    await worker.start();
    const job = await mill.wait((await mill.enqueue(hasty, null)).id);
    expect(job).toMatchObject({ state: "failed", attempt: 2, error: { message: "the failure", permanent: false } });
  });
});

onEveryStore("what a handler should not do", (bench) => {
  it.each([
    ["a text", "just a text", { name: "NonError", message: "just a text" }],
    ["nothing", undefined, { name: "NonError", message: "undefined" }],
    ["a huge error", new Error("x".repeat(10_000)), { name: "Error", message: "x".repeat(4_096) }],
  ])("throwing %s is a failed attempt like any other", async (_, thrown, error) => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what is no error is the case
      .handle("odd", () => Promise.reject(thrown))
      .start();
    const job = await mill.wait((await mill.enqueue("odd", null, { maxAttempts: 1 })).id);
    expect(job).toMatchObject({ state: "failed", error });
  });

  it("returning what has no JSON fails the job for good and says why", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("big", () => ({ n: 12n }))
      .handle("huge", () => "x".repeat(2_000_000))
      .start();
    const big = await mill.wait((await mill.enqueue("big")).id);
    const huge = await mill.wait((await mill.enqueue("huge")).id);
    expect(big).toMatchObject({ state: "failed", attempt: 1, error: { permanent: true } });
    expect(big.error?.message).toContain('the result has no JSON form: "n" is a bigint');
    expect(huge.error?.message).toContain("the result is 2000002 bytes of JSON");
  });

  it("never sees a payload its schema refuses: the job fails for good and names the field", async () => {
    const mill = await bench().open();
    let runs = 0;
    const strict = defineJob("strict", { input: z.object({ size: z.object({ width: z.number() }) }) });
    await bench()
      .worker(mill)
      .handle(strict, () => void (runs += 1))
      .start();
    // By its name alone, nobody checks at the enqueue.
    const job = await mill.wait((await mill.enqueue("strict", { size: { width: "wide" } })).id);
    expect(job).toMatchObject({ state: "failed", attempt: 1, error: { name: "InputError", permanent: true } });
    expect(job.error?.message).toContain("size.width: ");
    expect(runs).toBe(0);
    await expect(mill.enqueue(strict, { size: { width: "wide" as never } })).rejects.toThrow(/size\.width/);
  });

  it("gets the payload as its schema makes it, from the one that was given", async () => {
    const mill = await bench().open();
    const parsed = defineJob("parsed", {
      input: z.object({ n: z.string().transform(Number), unit: z.string().default("px") }),
    });
    await bench()
      .worker(mill)
      .handle(parsed, (job) => ({ twice: job.payload.n * 2, unit: job.payload.unit }))
      .start();
    const { id, payload } = await mill.enqueue(parsed, { n: "21" });
    expect(payload).toEqual({ n: "21" });
    expect((await mill.wait(id)).result).toEqual({ twice: 42, unit: "px" });
  });
});
