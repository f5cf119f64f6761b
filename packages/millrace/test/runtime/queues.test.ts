import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate, until } from "./until.ts";

onEveryStore("a paused queue", (bench) => {
  it("is not claimed from, takes jobs all the same, and goes on when it is resumed", async () => {
    const mill = await bench().open();
    await mill.queue("mail").pause();
    const held = await mill.enqueue("send", null, { queue: "mail" });
    const free = await mill.enqueue("send", null, { queue: "other" });
    const worker = bench()
      .worker(mill)
      .handle("send", () => "sent");
    await worker.start();
    expect(await mill.wait(free.id)).toMatchObject({ state: "completed" });
    expect(await mill.get(held.id)).toMatchObject({ state: "queued" });
    expect((await mill.explain(held.id)).sentences[0]).toBe('The queue "mail" is paused.');
    expect(await mill.queue("mail").resume()).toMatchObject({ name: "mail", isPaused: false });
    expect(await mill.wait(held.id, { timeoutMs: 1_500 })).toMatchObject({ state: "completed" });
  });

  it("lets what runs go on, and what failed waits for its resume", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill)
      .handle("send", async (_, ctx) => {
        if (ctx.attempt > 1) return "the second time";
        await gate.pass();
        throw new Error("not yet");
      });
    await worker.start();
    const { id } = await mill.enqueue("send", null, { backoff: { type: "fixed", delayMs: 0 } });
    await until("it runs", () => gate.arrived === 1);
    await mill.queue("default").pause();
    gate.open();
    await until("its attempt has ended", async () => (await mill.get(id))?.state === "queued");
    await mill.queue("default").resume();
    expect(await mill.wait(id)).toMatchObject({ state: "completed", result: "the second time", attempt: 2 });
  });

  it("says so in the list of queues, with its settings and what waits in it", async () => {
    const mill = await bench().open();
    await mill.queue("mail").configure({ maxAttempts: 9, retention: { failedMs: null } });
    await mill.queue("mail").pause();
    const { createdAt } = await mill.enqueue("send", null, { queue: "mail" });
    await mill.enqueue("send", null, { queue: "mail", delayMs: 60_000 });
    expect(await mill.queues()).toMatchObject([
      {
        name: "mail",
        isPaused: true,
        counts: { queued: 1, scheduled: 1, running: 0, blocked: 0 },
        settings: { maxAttempts: 9, numbered: true, retention: { failedMs: null, completedMs: 7 * 86_400_000 } },
        oldestReadyAt: createdAt,
      },
    ]);
  });

  it("gives its settings to jobs enqueued from then on, and to no others", async () => {
    const mill = await bench().open();
    const before = await mill.enqueue("send", null, { queue: "mail" });
    await mill.queue("mail").configure({ maxAttempts: 9, numbered: false });
    const after = await mill.enqueue("send", null, { queue: "mail" });
    expect([before.maxAttempts, before.number]).toEqual([3, 1]);
    expect([after.maxAttempts, after.number]).toEqual([9, null]);
  });

  it("refuses wrong settings, all at once", async () => {
    const mill = await bench().open();
    const wrong = {
      maxAttempts: 0,
      timeoutMs: -1,
      cancelGraceMs: -1,
      numbered: 1,
      retention: { failed: 1 },
      bakoff: 1,
    };
    const error = await mill
      .queue("mail")
      .configure(wrong as never)
      .catch((thrown: unknown) => thrown);
    for (const name of ["maxAttempts", "timeoutMs", "cancelGraceMs", "numbered", "failedMs", "backoff"]) {
      expect((error as Error).message).toContain(name);
    }
    expect(await mill.queues()).toEqual([]);
  });
});

onEveryStore("fairness", (bench) => {
  it("lets one customer's few jobs pass through another's many", async () => {
    const mill = await bench().open();
    const many = Array.from({ length: 60 }, () => ({ kind: "k", payload: "many", options: { fairKey: "many" } }));
    const few = Array.from({ length: 3 }, () => ({ kind: "k", payload: "few", options: { fairKey: "few" } }));
    await mill.enqueueMany([...many, ...few]);
    const order: unknown[] = [];
    const worker = bench()
      .worker(mill, { concurrency: 1 })
      .handle("k", (job) => void order.push(job.payload));
    await worker.start();
    await worker.drain();
    expect(order.slice(0, 8).filter((payload) => payload === "few")).toHaveLength(3);
    expect(order).toHaveLength(63);
  });

  it("gives queues their weights", async () => {
    const mill = await bench().open();
    const jobs = ["live", "day", "night"].flatMap((queue) =>
      Array.from({ length: 100 }, () => ({ kind: "k", payload: queue, options: { queue } })),
    );
    await mill.enqueueMany(jobs);
    const order: unknown[] = [];
    const worker = bench().worker(mill, { concurrency: 1, queues: { live: 10, day: 5, night: 1 } });
    await worker.handle("k", (job) => void order.push(job.payload)).start();
    await worker.drain();
    const shares = ["live", "day", "night"].map((queue) => order.slice(0, 96).filter((each) => each === queue).length);
    expect(shares).toEqual([60, 30, 6]);
  });
});

onSharedStores("a queue paused by another client", (bench) => {
  it("is not claimed from, and is claimed from at once when that one resumes it", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    await other.queue("default").pause();
    await bench()
      .worker(mill)
      .handle("k", () => 1)
      .start();
    const { id } = await mill.enqueue("k");
    const probe = await mill.enqueue("k", null, { queue: "probe" });
    await mill.wait(probe.id);
    expect((await mill.get(id))?.state).toBe("queued");
    await other.queue("default").resume();
    expect(await other.wait(id, { timeoutMs: 1_500 })).toMatchObject({ state: "completed" });
  });
});
