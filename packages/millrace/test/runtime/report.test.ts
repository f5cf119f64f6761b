import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";
import { Gate, passed, until } from "./until.ts";

onEveryStore("the progress of a job", (bench) => {
  it("is kept at most ten times a second, and the last value always", async () => {
    const mill = await bench().open();
    const { cursor } = await firstCursor(mill);
    let tookMs = 0;
    await bench()
      .worker(mill)
      .handle("busy", async (_, ctx) => {
        const startedAt = performance.now();
        for (let percent = 0; percent <= 100; percent += 0.25) {
          ctx.progress(percent, `step ${percent}`);
          await passed(1);
        }
        tookMs = performance.now() - startedAt;
      })
      .start();
    const job = await mill.wait((await mill.enqueue("busy")).id);
    expect(job.progress).toEqual({ percent: 100, message: "step 100" });
    let writes = 0;
    for await (const { type } of mill.events({ after: cursor })) {
      if (type === "progress") writes += 1;
      if (type === "completed") break;
    }
    expect(writes).toBeGreaterThan(1);
    expect(writes).toBeLessThanOrEqual(Math.ceil(tookMs / 100) + 1);
  });

  it("is seen while the job runs, stays within 0 and 100, and needs no message", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    await bench()
      .worker(mill)
      .handle("k", async (_, ctx) => {
        ctx.progress(250);
        await gate.pass();
        ctx.progress(Number.NaN);
      })
      .start();
    const { id } = await mill.enqueue("k");
    await until("it is seen", async () => (await mill.get(id))?.progress?.percent === 100);
    expect((await mill.get(id))?.progress).toEqual({ percent: 100, message: null });
    gate.open();
    expect((await mill.wait(id)).progress).toEqual({ percent: 0, message: null });
  });
});

async function firstCursor(mill: {
  enqueue: (kind: string) => Promise<unknown>;
  events: () => AsyncIterable<{ cursor: string }>;
}) {
  const events = mill.events();
  await mill.enqueue("unrelated.probe");
  for await (const event of events) return event;
  throw new Error("the events ended");
}

onEveryStore("the log of a job", (bench) => {
  it("has its lines in order, numbered from 1, with their attempt, over all attempts", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("k", async (_, ctx) => {
        ctx.log("one");
        ctx.log("two\nthree");
        ctx.output("stderr", "a warning");
        await passed(120);
        ctx.log(`attempt ${ctx.attempt} is over`);
        if (ctx.attempt === 1) throw new Error("again");
      })
      .start();
    const { id } = await mill.enqueue("k", null, { backoff: { type: "fixed", delayMs: 0 } });
    await mill.wait(id);
    const lines = await mill.logs(id);
    expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lines.map(({ text }) => text).slice(0, 5)).toEqual([
      "one",
      "two",
      "three",
      "a warning",
      "attempt 1 is over",
    ]);
    expect(lines.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect(lines[3]?.stream).toBe("stderr");
    expect((await mill.logs(id, { after: 8 })).map(({ text }) => text)).toEqual(["a warning", "attempt 2 is over"]);
    expect((await mill.logs(id, { after: 2, limit: 1 })).map(({ sequence }) => sequence)).toEqual([3]);
  });

  it("is bounded: long lines are cut, and lines beyond the last are dropped with a word about it", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("k", (_, ctx) => {
        ctx.log("x".repeat(20_000));
        for (let i = 0; i < 12_000; i++) ctx.log(`line ${i}`);
      })
      .start();
    const { id } = await mill.enqueue("k");
    await mill.wait(id);
    const [first] = await mill.logs(id, { limit: 1 });
    expect(first?.text).toHaveLength(8_192);
    const last = await mill.logs(id, { after: 9_998, limit: 100 });
    expect(last.map(({ sequence }) => sequence)).toEqual([9_999, 10_000]);
    expect(last[1]?.text).toContain("the log is full");
  });
});
