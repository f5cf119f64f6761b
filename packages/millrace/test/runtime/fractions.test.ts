import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";

onEveryStore("durations with a fraction of a millisecond", (bench) => {
  it("are taken wherever there are durations, and rounded", async () => {
    const mill = await bench().open();
    await mill
      .queue("default")
      .configure({ timeoutMs: 60_000.5, cancelGraceMs: 1_000.5, retention: { failedMs: 0.4 } });
    const job = await mill.enqueue("stand", null, { timeoutMs: 59_999.6, delayMs: 0.4 });
    expect(job.timeoutMs).toBe(60_000);
    const worker = bench().worker(mill, { leaseMs: 300.5, heartbeatMs: 50.5 });
    // Long enough for heartbeats, and for a cancel with its grace.
    worker.handle(
      "stand",
      (_, ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error));
        }),
    );
    await worker.start();
    await mill.cancel(job.id);
    expect((await mill.wait(job.id)).state).toBe("cancelled");
    expect(await mill.prune()).toBe(0);
  });
});
