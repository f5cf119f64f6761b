import { StoreError } from "millrace";
import { expect, it } from "vitest";
import { onAFile } from "./bench.ts";
import { Gate, passed, until } from "./until.ts";

/** Notes the longest time between two ticks of a timer. */
function watchEventLoop() {
  let last = performance.now();
  let longestMs = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    ticks += 1;
  }, 10);
  return () => {
    clearInterval(timer);
    return { longestMs, ticks };
  };
}

onAFile("a file whose write lock another program holds", (bench) => {
  it("for two seconds delays an enqueue; for more than five it ends in store_busy, and nothing of it is kept", async () => {
    const mill = await bench().open();
    const holder = bench().connect();
    const before = await mill.enqueue("k", "before");
    const unwatch = watchEventLoop();

    holder.exec("BEGIN IMMEDIATE");
    const startedAt = performance.now();
    const impatient = mill
      .enqueue("k", "too early")
      .catch((error: unknown) => ({ error, tookMs: performance.now() - startedAt }));
    expect((await mill.get(before.id))?.payload).toBe("before");
    await passed(3_200);
    const patient = mill.enqueue("k", "in time");
    const refused = await impatient;
    await until("the lock was held for five seconds", () => performance.now() - startedAt > 5_200);
    holder.exec("COMMIT");

    expect(refused).toMatchObject({ error: { code: "store_busy", retryable: true } });
    expect("error" in refused && refused.error).toBeInstanceOf(StoreError);
    expect("tookMs" in refused ? refused.tookMs : 0).toBeLessThan(6_000);
    expect(await patient).toMatchObject({ payload: "in time", number: 2 });
    expect((await mill.list()).jobs.map(({ payload }) => payload)).toEqual(["in time", "before"]);
    const { longestMs, ticks } = unwatch();
    expect(ticks).toBeGreaterThan(200);
    expect(longestMs).toBeLessThan(500);
  });

  it("delays an outcome, which is written once the lock is free, and once only", async () => {
    const mill = await bench().open();
    const holder = bench().connect();
    const gate = new Gate();
    const worker = bench()
      .worker(mill)
      .handle("k", () => gate.pass());
    await worker.start();
    const { id } = await mill.enqueue("k");
    await until("it runs", () => gate.arrived === 1);
    holder.exec("BEGIN IMMEDIATE");
    gate.open();
    await until("the store was asked in vain", () =>
      bench().said.some(({ message }) => message.includes("trying again")),
    );
    holder.exec("COMMIT");
    expect(await mill.wait(id)).toMatchObject({ state: "completed", attempt: 1 });
    expect(worker.stats).toMatchObject({ claimed: 1, settled: 1, dropped: 0 });
  });
});
