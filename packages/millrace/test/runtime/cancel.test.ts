import { CancelledError, ConflictError, NotFoundError, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore, type Bench } from "./bench.ts";
import { Gate, reasonOf, until } from "./until.ts";

/** Starts a worker whose one job has begun, and stands at the gate or waits for its signal. */
async function running(bench: Bench, mill: Millrace, ignoresSignal: boolean) {
  const gate = new Gate();
  const heard: { reason: unknown; at: number }[] = [];
  const worker = bench.worker(mill, { concurrency: 1 }).handle("work", async (_, ctx) => {
    void reasonOf(ctx.signal).then((reason) => heard.push({ reason, at: performance.now() }));
    if (ignoresSignal) await gate.pass();
    else {
      gate.pass().catch(() => undefined);
      await reasonOf(ctx.signal);
    }
    return "finished all the same";
  });
  await worker.start();
  const { id } = await mill.enqueue("work");
  await until("it runs", () => gate.arrived === 1);
  return { id, gate, heard, worker };
}

onEveryStore("cancelling a job that waits", (bench) => {
  it("ends it at once, and who, when and why are kept", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("work");
    const job = await mill.cancel(id, { by: "anna", reason: "a mistake" });
    expect(job).toMatchObject({ state: "cancelled", cancelledBy: "anna", cancelReason: "a mistake", startedAt: null });
    expect(job.cancelledAt).toEqual(job.finishedAt);
    const worker = bench()
      .worker(mill)
      .handle("work", () => "ran");
    await worker.start();
    await worker.drain();
    expect(worker.stats.claimed).toBe(0);
  });

  it("a second time changes nothing: the first record stands", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("work", null, { delayMs: 60_000 });
    const first = await mill.cancel(id, { by: "anna", reason: "one" });
    expect(await mill.cancel(id, { by: "ben", reason: "two" })).toEqual(first);
  });

  it("ends it also between two attempts", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("work", () => Promise.reject(new Error("no")))
      .start();
    const { id } = await mill.enqueue("work", null, { backoff: { type: "fixed", delayMs: 60_000 } });
    await until("it waits for its next attempt", async () => (await mill.get(id))?.state === "scheduled");
    expect(await mill.cancel(id)).toMatchObject({ state: "cancelled", attempt: 1 });
    expect(await mill.wait(id)).toMatchObject({ state: "cancelled" });
  });
});

onEveryStore("cancelling a job that has ended", (bench) => {
  it("is refused with state_conflict, and nothing changes", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("work", () => 1)
      .start();
    const done = await mill.wait((await mill.enqueue("work")).id);
    const refusal = await mill.cancel(done.id).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConflictError);
    expect(refusal).toMatchObject({ code: "state_conflict", details: { job: done.id, state: "completed" } });
    expect(await mill.get(done.id)).toEqual(done);
  });

  it("that never was is refused with job_not_found", async () => {
    const mill = await bench().open();
    for (const id of ["job_00000000000000000000000000", "nonsense"]) {
      await expect(mill.cancel(id)).rejects.toThrow(NotFoundError);
    }
  });
});

onEveryStore("cancelling a job that runs", (bench) => {
  it("fires its signal within a second, and it ends as cancelled although its handler completes", async () => {
    const mill = await bench().open();
    const { id, heard, worker } = await running(bench(), mill, false);
    const askedAt = performance.now();
    const asked = await mill.cancel(id, { by: "anna", reason: "not needed" });
    expect(asked.state).toBe("running");
    expect(asked.cancelRequestedAt).not.toBeNull();
    const job = await mill.wait(id);
    expect(job).toMatchObject({
      state: "cancelled",
      result: null,
      cancelledBy: "anna",
      cancelReason: "not needed",
      attempt: 1,
    });
    expect(heard[0]?.reason).toBeInstanceOf(CancelledError);
    expect(heard[0]?.reason).toMatchObject({ code: "cancel_requested", message: "the job was cancelled: not needed" });
    expect((heard[0]?.at ?? 0) - askedAt).toBeLessThan(1_000);
    await until("the outcome is dropped", () => worker.stats.dropped === 1);
  });

  it("ends it within its grace and a second when its handler ignores the signal", async () => {
    const mill = await bench().open();
    await mill.queue("default").configure({ cancelGraceMs: 300 });
    const { id, gate } = await running(bench(), mill, true);
    const askedAt = performance.now();
    await mill.cancel(id);
    const job = await mill.wait(id);
    const tookMs = performance.now() - askedAt;
    expect(job).toMatchObject({ state: "cancelled", result: null });
    expect(tookMs).toBeGreaterThan(250);
    expect(tookMs).toBeLessThan(1_300);
    gate.open();
  });

  it("ends it as cancelled when its handler throws what the signal says", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill)
      .handle("polite", async (_, ctx) => {
        gate.pass().catch(() => undefined);
        await reasonOf(ctx.signal);
        ctx.checkCancelled();
      });
    await worker.start();
    const { id } = await mill.enqueue("polite");
    await until("it runs", () => gate.arrived === 1);
    await mill.cancel(id);
    expect(await mill.wait(id)).toMatchObject({ state: "cancelled", error: null });
  });

  it("fires the signal within a second also when the cancel meets the claim", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("k", async (_, ctx) => void (await reasonOf(ctx.signal)));
    await worker.start();
    for (let round = 0; round < 10; round++) {
      const { id } = await mill.enqueue("k");
      const askedAt = performance.now();
      // The claim that the enqueue has woken is sent in this turn of the event loop, and so is the cancel.
      await mill.cancel(id);
      expect(await mill.wait(id)).toMatchObject({ state: "cancelled" });
      expect(performance.now() - askedAt).toBeLessThan(1_000);
    }
  });

  it("twice is one cancel: the first who asked is kept", async () => {
    const mill = await bench().open();
    const { id } = await running(bench(), mill, false);
    const first = await mill.cancel(id, { by: "anna" });
    const second = await mill.cancel(id, { by: "ben" });
    expect([first.cancelledBy, second.cancelledBy]).toEqual(["anna", "anna"]);
    expect(await mill.wait(id)).toMatchObject({ state: "cancelled", cancelledBy: "anna" });
  });

  it("twice at the same moment is one cancel: both are told the same", async () => {
    const mill = await bench().open();
    const { id } = await running(bench(), mill, false);
    const answers = await Promise.all(["anna", "ben"].map((by) => mill.cancel(id, { by })));
    const { cancelledBy } = await mill.wait(id);
    expect(["anna", "ben"]).toContain(cancelledBy);
    expect(answers.map((job) => job.cancelledBy)).toEqual([cancelledBy, cancelledBy]);
  });
});

onSharedStores("cancelling from another client", (bench) => {
  it("fires the signal within a second", async () => {
    const mill = await bench().open();
    const other = await bench().open();
    const { id, heard } = await running(bench(), mill, false);
    const askedAt = performance.now();
    await other.cancel(id, { reason: "from afar" });
    expect(await other.wait(id)).toMatchObject({ state: "cancelled", cancelReason: "from afar" });
    expect((heard[0]?.at ?? 0) - askedAt).toBeLessThan(1_000);
    expect(heard[0]?.reason).toBeInstanceOf(CancelledError);
  });
});
