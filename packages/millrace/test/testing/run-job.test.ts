import { setTimeout as sleep } from "node:timers/promises";
import { cancel, defineJob, fail, openMillrace, PermanentError, snooze } from "millrace";
import { runJob } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const mail = defineJob("mail.send", {
  input: z.object({ to: z.string(), at: z.coerce.date() }),
  maxAttempts: 2,
  backoff: { type: "fixed", delayMs: 5_000 },
  timeoutMs: 60_000,
});
const payload = { to: "ada@example.com", at: "2030-01-01T00:00:00Z" };

describe("runJob", () => {
  it("hands the payload over as its schema makes it, and the result back as JSON keeps it", async () => {
    const run = await runJob(mail, payload, (job) => ({ year: job.payload.at.getUTCFullYear(), at: job.payload.at }));
    expect(run).toMatchObject({ outcome: "completed", error: null, delayMs: null });
    expect(run.result).toEqual({ year: 2030, at: "2030-01-01T00:00:00.000Z" });
    expect(run.job).toMatchObject({ state: "completed", attempt: 1, number: 1 });
  });

  it("refuses a payload as enqueue does", async () => {
    await expect(runJob(mail, { ...payload, to: 5 as never }, () => null)).rejects.toThrow("to: ");
  });

  it("tells a failure that is retried, and when", async () => {
    const run = await runJob(mail, payload, () => {
      throw new Error("connection refused");
    });
    expect(run).toMatchObject({ outcome: "retried", delayMs: 5_000, error: { message: "connection refused", permanent: false } }); // prettier-ignore
    expect(run.job.state).toBe("scheduled");
  });

  it("tells a failure that is final, by its kind or because no attempt is left", async () => {
    const permanent = await runJob(mail, payload, async () => {
      throw new PermanentError("no such address");
    });
    expect(permanent).toMatchObject({ outcome: "failed", delayMs: null, error: { permanent: true } });
    const refused = await runJob(mail, payload, () => fail("refused"));
    expect(refused).toMatchObject({ outcome: "failed", error: { message: "refused", permanent: true } });
    const last = await runJob(mail, payload, () => Promise.reject(new Error("again")), { enqueue: { maxAttempts: 1 } });
    expect(last).toMatchObject({ outcome: "failed", error: { permanent: false, attempt: 1 } });
  });

  it("tells a snooze and a cancel", async () => {
    expect(await runJob(mail, payload, () => snooze(1_500))).toMatchObject({ outcome: "snoozed", delayMs: 1_500 });
    const cancelled = await runJob(mail, payload, () => cancel("changed our mind"));
    expect(cancelled).toMatchObject({ outcome: "cancelled", job: { cancelReason: "changed our mind" } });
  });

  it("keeps the time limit of the definition without waiting for it", async () => {
    const run = await runJob(mail, payload, async (_, ctx) => sleep(1e8, undefined, { signal: ctx.signal }));
    expect(run).toMatchObject({ outcome: "retried", error: { name: "AttemptTimeoutError" } });
  });

  it("shows what the handler enqueued, logged and reported", async () => {
    const run = await runJob("parent", { pages: 2 }, async (job, ctx) => {
      for (let page = 1; page <= job.payload.pages; page++) await ctx.mill.enqueue("parent", { page });
      ctx.log("two pages");
      ctx.progress(50, "half");
    });
    expect(run.enqueued.map((job) => [job.kind, job.state, job.payload])).toEqual([
      ["parent", "queued", { page: 1 }],
      ["parent", "queued", { page: 2 }],
    ]);
    expect(run.log.map(({ text }) => text)).toEqual(["two pages"]);
    expect(run.progress).toEqual({ percent: 50, message: "half" });
  });

  it("takes the handler from a worker, with the definition it was given there", async () => {
    const mill = await openMillrace("memory:");
    const worker = mill.worker().handle(mail, (job) => job.payload.at.getTime());
    expect((await runJob("mail.send", payload, worker)).result).toBe(Date.UTC(2030, 0, 1));
    await expect(runJob("mail.sent", payload, worker)).rejects.toThrow('it knows "mail.send"');
    expect(await mill.counts()).toMatchObject({ queued: 0, completed: 0 });
    await mill.close();
  });
});
