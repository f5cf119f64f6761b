import { NotFoundError, WaitTimeoutError } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate } from "./until.ts";

onEveryStore("waiting for a job", (bench) => {
  it("ends with the job, however it has ended", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("good", () => 1)
      .handle("bad", () => Promise.reject(new Error("no")));
    const good = await mill.enqueue("good");
    const bad = await mill.enqueue("bad", null, { maxAttempts: 1 });
    const dropped = await mill.enqueue("good", null, { delayMs: 60_000 });
    const waiting = Promise.all([good, bad, dropped].map(({ id }) => mill.wait(id)));
    await worker.start();
    await mill.cancel(dropped.id);
    expect((await waiting).map(({ state }) => state)).toEqual(["completed", "failed", "cancelled"]);
  });

  it("ends at once when the job has ended before", async () => {
    const mill = await bench().open();
    const { id } = await mill.enqueue("k");
    const job = await mill.cancel(id);
    expect(await mill.wait(id, { timeoutMs: 1 })).toEqual(job);
  });

  it("ends with WaitTimeoutError after its time, and the job goes on", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    await bench()
      .worker(mill)
      .handle("k", () => gate.pass())
      .start();
    const { id } = await mill.enqueue("k");
    const error = await mill.wait(id, { timeoutMs: 30 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ code: "wait_timeout", retryable: true });
    gate.open();
    expect(await mill.wait(id)).toMatchObject({ state: "completed" });
  });

  it("is refused for a job that is not there, and for a wrong time", async () => {
    const mill = await bench().open();
    await expect(mill.wait("job_00000000000000000000000000")).rejects.toThrow(NotFoundError);
    const { id } = await mill.enqueue("k");
    await expect(mill.wait(id, { timeoutMs: -1 })).rejects.toThrow(/timeoutMs must be milliseconds/);
    await expect(mill.wait(id, { timeout: 5 } as never)).rejects.toThrow('did you mean "timeoutMs"?');
  });

  it("works for hundreds at once, each begun while others end", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill, { concurrency: 4 })
      .handle("k", (job) => job.payload as number)
      .start();
    const results = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const { id } = await mill.enqueue("k", n);
        return (await mill.wait(id)).result;
      }),
    );
    expect(results).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it("works again and again, with nobody else waiting in between", async () => {
    const mill = await bench().open();
    await bench()
      .worker(mill)
      .handle("k", () => 1)
      .start();
    const startedAt = performance.now();
    for (let round = 0; round < 50; round++) {
      const { id } = await mill.enqueue("k");
      expect(await mill.wait(id, { timeoutMs: 5_000 })).toMatchObject({ state: "completed" });
    }
    // Woken by the end of each job; who only looks now and then needs half a second for each.
    expect(performance.now() - startedAt).toBeLessThan(50 * 200);
  });
});

onSharedStores("waiting for a job that another client's worker runs", (bench) => {
  it("ends with it", async () => {
    const [mill, other] = [await bench().open(), await bench().open()];
    await bench()
      .worker(other)
      .handle("k", () => "over there")
      .start();
    const { id } = await mill.enqueue("k");
    expect(await mill.wait<unknown, string>(id)).toMatchObject({ state: "completed", result: "over there" });
  });
});
