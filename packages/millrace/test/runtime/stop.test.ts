import { OptionsError, ShutdownError } from "millrace";
import { expect, it } from "vitest";
import { onEveryStore } from "./bench.ts";
import { Gate, reasonOf, until } from "./until.ts";

onEveryStore("a worker that is stopped", (bench) => {
  it("waits for what runs, claims no more, and signs off", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { concurrency: 1, stopGraceMs: 10_000 })
      .handle("k", () => gate.pass());
    await worker.start();
    expect(await mill.workers()).toMatchObject([{ id: worker.id, concurrency: 1 }]);
    const [first, second] = await mill.enqueueMany([{ kind: "k" }, { kind: "k" }]);
    await until("it runs", () => gate.arrived === 1);
    const stopping = worker.stop();
    gate.open();
    await stopping;
    expect(await mill.get(first?.id ?? "")).toMatchObject({ state: "completed" });
    expect(await mill.get(second?.id ?? "")).toMatchObject({ state: "queued", attempt: 0 });
    expect(await mill.workers()).toEqual([]);
  });

  it("fires the signals with ShutdownError after its grace, and takes a result that still comes", async () => {
    const mill = await bench().open();
    const reasons: unknown[] = [];
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { stopGraceMs: 50 })
      .handle("k", async (_, ctx) => {
        gate.pass().catch(() => undefined);
        reasons.push(await reasonOf(ctx.signal));
        return "just in time";
      });
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    await worker.stop();
    expect(reasons[0]).toBeInstanceOf(ShutdownError);
    expect(await mill.get(id)).toMatchObject({ state: "completed", result: "just in time" });
  });

  it("gives back what throws then, and what ignores its signal; the attempt is not counted", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench().worker(mill, { stopGraceMs: 10, abortGraceMs: 60 });
    worker.handle("obeys", async (_, ctx) => {
      await Promise.race([gate.pass(), reasonOf(ctx.signal)]);
      ctx.checkCancelled();
    });
    worker.handle("deaf", () => gate.pass());
    await worker.start();
    const jobs = await mill.enqueueMany([
      { kind: "obeys", options: { maxAttempts: 1 } },
      { kind: "deaf", options: { maxAttempts: 1 } },
    ]);
    await until("both run", () => gate.arrived === 2);
    await worker.stop();
    for (const { id } of jobs) {
      expect(await mill.get(id)).toMatchObject({ state: "queued", attempt: 0, error: null });
      expect(await mill.attempts(id)).toMatchObject([{ attempt: 1, token: 1, ending: "released" }]);
    }
    const next = bench()
      .worker(mill)
      .handle("obeys", (_, ctx) => ctx.attempt)
      .handle("deaf", (_, ctx) => ctx.attempt);
    await next.start();
    await next.drain();
    gate.open();
    for (const { id } of jobs) expect(await mill.get(id)).toMatchObject({ state: "completed", attempt: 1, result: 1 });
  });

  it("gives back what it had fetched ahead", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { concurrency: 1, prefetch: 4 })
      .handle("k", () => gate.pass());
    await mill.enqueueMany(Array.from({ length: 5 }, () => ({ kind: "k" })));
    await worker.start();
    await until("it holds all five", () => worker.stats.waiting === 4);
    const stopping = worker.stop();
    await until("four are given back", async () => (await mill.counts()).queued === 4);
    gate.open();
    await stopping;
    expect(await mill.counts()).toMatchObject({ completed: 1, queued: 4, running: 0 });
    expect(gate.arrived).toBe(1);
  });

  it("by force fires the signals at once", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { stopGraceMs: 60_000 })
      .handle("k", async (_, ctx) => {
        gate.pass().catch(() => undefined);
        await reasonOf(ctx.signal);
        ctx.checkCancelled();
      });
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    // A polite stop is under way; force cuts its grace short.
    const polite = worker.stop();
    await worker.stop({ force: true });
    await polite;
    expect(await mill.get(id)).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("may be stopped twice, before it was started, and while it starts", async () => {
    const mill = await bench().open();
    const fresh = bench().worker(mill);
    await Promise.all([fresh.stop(), fresh.stop()]);
    await expect(fresh.start()).rejects.toThrow("the worker is stopped already");

    const hasty = bench()
      .worker(mill)
      .handle("k", () => "ran");
    const starting = hasty.start();
    await hasty.stop();
    await starting;
    const { id } = await mill.enqueue("k");
    expect(await mill.workers()).toEqual([]);
    const other = bench()
      .worker(mill)
      .handle("probe", () => "ran")
      .handle("k", () => "by the other");
    await other.start();
    expect(await mill.wait(id)).toMatchObject({ result: "by the other" });
    await Promise.all([other.stop(), other.stop()]);
  });
});

onEveryStore("a worker that was started", (bench) => {
  it("is not started again, and takes no further handlers", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("k", () => 1);
    await worker.start();
    await expect(worker.start()).rejects.toThrow(OptionsError);
    await expect(worker.start()).rejects.toThrow("the worker is claiming already");
    expect(() => worker.handle("other", () => 1)).toThrow("the worker has been started; add handlers before");
  });

  it("has one handler for a kind, which is a function", async () => {
    const worker = bench()
      .worker(await bench().open())
      .handle("k", () => 1);
    expect(() => worker.handle("k", () => 2)).toThrow('handle("k"): this worker has a handler for it already');
    expect(() => worker.handle("n", 5 as never)).toThrow("the handler must be a function; got 5");
    expect(() => worker.handle("a/b", () => 1)).toThrow("the kind must not contain");
    expect(worker.kinds).toEqual(["k"]);
  });
});

onEveryStore("draining a worker", (bench) => {
  it("ends when all is done: what is queued, what runs, and what waits for another attempt", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill, { concurrency: 2 })
      .handle("k", (_, ctx) => {
        if (ctx.attempt < 3) throw new Error("again");
      });
    const backoff = { type: "fixed", delayMs: 15 } as const;
    await mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "k", options: { backoff } })));
    await worker.start();
    await worker.drain();
    expect((await mill.counts()).completed).toBe(10);
  });

  it("ends at once when there is nothing, and does not wait for a delay that somebody asked for", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("k", null, { delayMs: 3_600_000 });
    const worker = bench()
      .worker(mill)
      .handle("k", () => 1);
    await worker.start();
    await worker.drain();
    expect(await mill.get(id)).toMatchObject({ state: "scheduled" });
  });

  it("ends when the worker is stopped", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill, { stopGraceMs: 0 })
      .handle("k", () => gate.pass());
    await mill.enqueue("k");
    await worker.start();
    await until("it runs", () => gate.arrived === 1);
    const draining = worker.drain();
    await worker.stop();
    await draining;
    gate.open();
  });
});
