import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate, until } from "./until.ts";

onEveryStore("a worker", (bench) => {
  it("runs as many jobs at once as it may, and never more", async () => {
    const mill = await bench().open();
    let running = 0;
    let most = 0;
    const worker = bench().worker(mill, { concurrency: 7, prefetch: 5 });
    worker.handle("step", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => void setImmediate(resolve));
      running -= 1;
    });
    await mill.enqueueMany(Array.from({ length: 200 }, () => ({ kind: "step" })));
    await worker.start();
    await worker.drain();
    expect(most).toBe(7);
    expect(worker.stats).toEqual({ claimed: 200, settled: 200, dropped: 0, running: 0, waiting: 0 });
    expect((await mill.counts()).completed).toBe(200);
  });

  it("takes no job it has no slot for, unless it may fetch ahead", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    await mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "wait" })));
    const worker = bench().worker(mill, { concurrency: 3, prefetch: 4 });
    await worker.handle("wait", () => gate.pass()).start();
    await until("all it may hold is claimed", () => worker.stats.claimed === 7);
    expect(worker.stats).toMatchObject({ running: 3, waiting: 4 });
    expect(await mill.counts()).toMatchObject({ running: 7, queued: 3 });
    gate.open();
    await worker.drain();
    expect(gate.arrived).toBe(10);
  });

  it("runs jobs of one lane in order of priority, and first in, first out within it", async () => {
    const mill = await bench().open();
    const order: unknown[] = [];
    const priorities = [0, 5, -3, 5, 0, "high", "low"] as const;
    await mill.enqueueMany(priorities.map((priority, n) => ({ kind: "note", payload: n, options: { priority } })));
    const worker = bench().worker(mill, { concurrency: 1 });
    await worker.handle("note", (job) => void order.push(job.payload)).start();
    await worker.drain();
    expect(order).toEqual([5, 1, 3, 0, 4, 2, 6]);
  });

  it("serves only its queues and only jobs whose labels it has", async () => {
    const mill = await bench().open();
    const gpu = await mill.enqueue("k", null, { queue: "video", requires: ["gpu", "threads>=8"] });
    const arm = await mill.enqueue("k", null, { queue: "video", requires: ["arm"] });
    const mail = await mill.enqueue("k", null, { queue: "mail" });
    const worker = bench().worker(mill, { queues: ["video"], labels: ["gpu", "threads=16"] });
    await worker.handle("k", () => undefined).start();
    await worker.drain();
    const states = await Promise.all([gpu, arm, mail].map(async ({ id }) => (await mill.get(id))?.state));
    expect(states).toEqual(["completed", "queued", "queued"]);
    expect((await mill.explain(arm.id)).sentences[0]).toContain('has the label "arm"');
  });
});

onSharedStores("several workers on one store", (bench) => {
  it("run each job once", async () => {
    const mills = await Promise.all([bench().open(), bench().open(), bench().open()]);
    const runs = new Map<string, number>();
    const workers = mills.map((mill) => {
      const worker = bench().worker(mill, { concurrency: 5, prefetch: 10 });
      return worker.handle("once", (job) => void runs.set(job.id, (runs.get(job.id) ?? 0) + 1));
    });
    const [mill] = mills;
    await mill?.enqueueMany(Array.from({ length: 300 }, () => ({ kind: "once" })));
    await Promise.all(workers.map((worker) => worker.start()));
    await until("all jobs have ended", async () => (await mill?.counts())?.completed === 300);
    expect(runs.size).toBe(300);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    const claimed = workers.reduce((sum, worker) => sum + worker.stats.claimed, 0);
    expect(claimed).toBe(300);
  });
});
