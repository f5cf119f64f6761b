import { LeaseLostError, type Job } from "millrace";
import { expect, it } from "vitest";
import { onAFile, onEveryStore, onSharedStores, type Bench } from "./bench.ts";
import { undone } from "./caller.ts";
import { Gate, until } from "./until.ts";

/** Somebody who keeps receipts beside the library's data. */
async function openShop(bench: Bench) {
  const caller = await bench.caller();
  await caller.query("CREATE TEMP TABLE receipt (job TEXT NOT NULL UNIQUE)");
  const insert = (job: Job) => caller.query(`INSERT INTO receipt VALUES ('${job.id}')`);
  const receipts = async (): Promise<unknown[]> =>
    (await caller.query("SELECT job FROM receipt")).map(({ job }) => job);
  return { caller, insert, receipts };
}

onEveryStore("ctx.complete", (bench) => {
  it("completes the job before the handler has ended, and what it returns then is ignored", async () => {
    const mill = await bench().open();
    const gate = new Gate();
    const worker = bench()
      .worker(mill)
      .handle("k", async (_, ctx) => {
        ctx.log("the last word");
        ctx.progress(100);
        await ctx.complete({ by: "ctx.complete" });
        await gate.pass();
        return { by: "return" };
      });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("k")).id);
    expect(job).toMatchObject({ state: "completed", result: { by: "ctx.complete" }, progress: { percent: 100 } });
    gate.open();
    await worker.drain();
    expect(await mill.get(job.id)).toEqual(job);
    expect((await mill.logs(job.id)).map(({ text }) => text)).toEqual(["the last word"]);
    expect(worker.stats).toMatchObject({ settled: 1, dropped: 0 });
  });

  it("stays completed when the handler throws afterwards", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("k", async (_, ctx) => {
        await ctx.complete(1);
        throw new Error("after the end");
      });
    await worker.start();
    const { id } = await mill.enqueue("k");
    await mill.wait(id);
    await worker.drain();
    expect(await mill.get(id)).toMatchObject({ state: "completed", result: 1, error: null });
  });
});

onSharedStores("ctx.complete in the caller's transaction", (bench) => {
  it("completes the job together with the caller's rows", async () => {
    const mill = await bench().open();
    const { caller, insert, receipts } = await openShop(bench());
    const worker = bench()
      .worker(mill)
      .handle("pay", async (job, ctx) => {
        await caller.transaction(async () => {
          await insert(job);
          await ctx.complete({ paid: true }, { tx: caller.tx });
        });
      });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("pay")).id);
    expect(job).toMatchObject({ state: "completed", result: { paid: true }, attempt: 1 });
    expect(await receipts()).toEqual([job.id]);
    await worker.drain();
    expect(worker.stats).toMatchObject({ settled: 1, dropped: 0 });
  });

  it("keeps what the job said before it", async () => {
    const mill = await bench().open();
    const { caller } = await openShop(bench());
    const worker = bench()
      .worker(mill)
      .handle("pay", async (_, ctx) => {
        ctx.log("the last word");
        ctx.progress(80, "paying");
        await caller.transaction(() => ctx.complete(1, { tx: caller.tx }));
      });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("pay")).id);
    await worker.drain();
    expect((await mill.logs(job.id)).map(({ text }) => text)).toEqual(["the last word"]);
    expect(job.progress).toEqual({ percent: 80, message: "paying" });
  });

  it("is undone with the caller's rows: the attempt has failed, and the next one completes both", async () => {
    const mill = await bench().open();
    const { caller, insert, receipts } = await openShop(bench());
    await bench()
      .worker(mill)
      .handle("pay", async (job, ctx) => {
        const both = async (): Promise<void> => {
          await insert(job);
          await ctx.complete(ctx.attempt, { tx: caller.tx });
        };
        await (ctx.attempt === 1 ? undone(caller, both) : caller.transaction(both));
      })
      .start();
    const { id } = await mill.enqueue("pay", null, { backoff: { type: "fixed", delayMs: 0 } });
    const job = await mill.wait(id);
    expect(job).toMatchObject({ state: "completed", attempt: 2, result: 2 });
    expect(await receipts()).toEqual([id]);
    expect((await mill.attempts(id))[0]?.error?.message).toContain(
      "the transaction in which the job was completed was rolled back",
    );
  });

  it("throws at once when the lease is lost, so that the caller's rows are rolled back", async () => {
    const mill = await bench().open();
    const { caller, insert, receipts } = await openShop(bench());
    const gate = new Gate();
    const thrown: unknown[] = [];
    const worker = bench()
      .worker(mill, { leaseMs: 3_000, concurrency: 1 })
      .handle("pay", async (job, ctx) => {
        if (ctx.token > 1) return "by the next";
        await gate.pass();
        const both = async (): Promise<void> => {
          await insert(job);
          await ctx.complete("by the first", { tx: caller.tx });
        };
        await caller.transaction(both).catch((error: unknown) => thrown.push(error));
        return "too late";
      });
    await worker.start();
    const { id } = await mill.enqueue("pay");
    await until("it runs", () => gate.arrived === 1);
    await until("the job was taken back", async () => {
      // A heartbeat between this and the rescue would prolong it again.
      await caller.query(`UPDATE ${bench().table("running")} SET lease_until = attempt_started_at WHERE token = 1`);
      return (await mill.attempts(id)).length === 1;
    });
    gate.open();
    expect(await mill.wait(id)).toMatchObject({ state: "completed", result: "by the next", attempt: 2 });
    expect(thrown[0]).toBeInstanceOf(LeaseLostError);
    expect(await receipts()).toEqual([]);
  });
});

onAFile("ctx.complete in a synchronous transaction", (bench) => {
  it("completes the job when the call returns, and throws at once when it cannot", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    const thrown: unknown[] = [];
    const worker = bench()
      .worker(mill)
      .handle("pay", (_, ctx) => {
        db.transaction(() => {
          void ctx.complete("paid", { tx: db });
          try {
            void ctx.complete("paid twice", { tx: {} });
          } catch (error) {
            thrown.push(error);
          }
        }).immediate();
      });
    await worker.start();
    expect(await mill.wait((await mill.enqueue("pay")).id)).toMatchObject({ state: "completed", result: "paid" });
    expect(thrown).toHaveLength(1);
  });
});
