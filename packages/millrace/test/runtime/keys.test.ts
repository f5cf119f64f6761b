import { ConflictError } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";
import { Gate, until } from "./until.ts";

onEveryStore("a key", (bench) => {
  it("has one live job: a hundred enqueues at once make one", async () => {
    const mill = await bench().open();
    const jobs = await Promise.all(
      Array.from({ length: 100 }, () => mill.enqueue("sync", { of: 7 }, { key: "user-7" })),
    );
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    expect((await mill.counts()).queued).toBe(1);
    expect((await mill.enqueue("sync")).number).toBe(2);
  });

  it("with another payload is refused with duplicate_job, and the others of the moment are enqueued", async () => {
    const mill = await bench().open();
    const first = await mill.enqueue("sync", { of: 7 }, { key: "user-7" });
    const [refused, other] = await Promise.allSettled([
      mill.enqueue("sync", { of: 8 }, { key: "user-7" }),
      mill.enqueue("sync", { of: 9 }),
    ]);
    expect(refused).toMatchObject({
      status: "rejected",
      reason: { code: "duplicate_job", details: { job: first.id, key: "user-7" } },
    });
    expect(refused.status === "rejected" && refused.reason instanceof ConflictError).toBe(true);
    expect(other).toMatchObject({ status: "fulfilled", value: { number: 2 } });
  });

  it("is its own for each kind", async () => {
    const mill = await bench().open();
    const one = await mill.enqueue("sync", 1, { key: "k" });
    const two = await mill.enqueue("other", 2, { key: "k" });
    expect(one.id).not.toBe(two.id);
  });

  it("is held while the job waits, runs and is tried again, and is free once it has ended", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill)
      .handle("sync", async (_, ctx) => {
        if (ctx.attempt === 1) throw new Error("again");
        await gate.pass();
      });
    const enqueue = () => mill.enqueue("sync", null, { key: "k", backoff: { type: "fixed", delayMs: 80 } });
    const { id } = await enqueue();
    await worker.start();
    await until("it waits for its next attempt", async () => (await mill.get(id))?.state === "scheduled");
    expect((await enqueue()).id).toBe(id);
    await until("it runs again", () => gate.arrived === 1);
    expect((await enqueue()).id).toBe(id);
    gate.open();
    await mill.wait(id);
    const next = await enqueue();
    expect(next.id).not.toBe(id);
    await mill.wait(next.id);
  });
});

onSharedStores("a key over several clients", (bench) => {
  it("has one live job", async () => {
    const mills = await Promise.all([bench().open(), bench().open(), bench().open(), bench().open()]);
    const jobs = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => mills[n % 4]?.enqueue("sync", null, { key: "one" })),
    );
    expect(new Set(jobs.map((job) => job?.id)).size).toBe(1);
    expect((await mills[0]?.counts())?.queued).toBe(1);
  });
});
