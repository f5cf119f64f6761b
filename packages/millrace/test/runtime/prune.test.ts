import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";

onEveryStore("pruning", (bench) => {
  it("deletes what has ended longer ago than its queue keeps it, and nothing else", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("good", (_, ctx) => ctx.log("a line"));
    await worker.handle("bad", () => Promise.reject(new Error("no"))).start();
    const gone = await Promise.all(
      Array.from({ length: 5 }, (_, n) => mill.enqueue("good", n, { queue: "short", tags: ["t"], key: `k${n}` })),
    );
    const failed = await mill.enqueue("bad", null, { queue: "short", maxAttempts: 1 });
    const cancelled = await mill.enqueue("good", null, { queue: "short", delayMs: 60_000 });
    await mill.cancel(cancelled.id);
    const kept = await mill.enqueue("good", null, { queue: "long" });
    const waits = await mill.enqueue("good", null, { queue: "short", delayMs: 60_000 });
    await Promise.all([...gone, failed, kept].map(({ id }) => mill.wait(id)));
    expect(await mill.prune()).toBe(0);
    await mill.queue("short").configure({ retention: { completedMs: 0, failedMs: null } });
    expect(await mill.prune()).toBe(5);
    expect(await Promise.all(gone.map(({ id }) => mill.get(id)))).toEqual([null, null, null, null, null]);
    const left = await mill.list();
    expect(left.jobs.map(({ id }) => id)).toEqual([waits.id, kept.id, cancelled.id, failed.id]);
    expect(await mill.prune()).toBe(0);
  });

  it("gives no number a second time", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("k", () => 1)
      .start();
    await mill.queue("default").configure({ retention: { completedMs: 0 } });
    await mill.wait((await mill.enqueue("k", null, { key: "one" })).id);
    expect(await mill.prune()).toBe(1);
    expect(await mill.enqueue("k", null, { key: "one" })).toMatchObject({ number: 2 });
  });

  it("takes away more jobs than one batch holds", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill, { concurrency: 50, prefetch: 200 })
      .handle("k", () => 1);
    await mill.enqueueMany(Array.from({ length: 1_100 }, () => ({ kind: "k" })));
    await worker.start();
    await worker.drain();
    await mill.queue("default").configure({ retention: { completedMs: 0 } });
    expect(await mill.prune()).toBe(1_100);
    expect((await mill.counts()).completed).toBe(0);
  });
});
