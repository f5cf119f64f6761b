import { LeaseLostError } from "millrace";
import { expect, it } from "vitest";
import { onAFile, onBothStores, type Bench } from "./bench.ts";
import { Gate, until } from "./until.ts";

function openShop(bench: Bench) {
  const db = bench.connect();
  db.exec("CREATE TABLE receipt (job TEXT NOT NULL UNIQUE)");
  const insert = db.prepare("INSERT INTO receipt (job) VALUES (?)");
  const receipts = (): unknown[] => db.prepare("SELECT job FROM receipt").pluck().all();
  return { db, insert, receipts };
}

onBothStores("ctx.complete", (bench) => {
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

onAFile("ctx.complete in the caller's transaction", (bench) => {
  it("completes the job together with the caller's rows", async () => {
    const mill = await bench().open();
    const { db, insert, receipts } = openShop(bench());
    const worker = bench()
      .worker(mill)
      .handle("pay", (job, ctx) => {
        db.transaction(() => {
          insert.run(job.id);
          void ctx.complete({ paid: true }, { tx: db });
        }).immediate();
      });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("pay")).id);
    expect(job).toMatchObject({ state: "completed", result: { paid: true }, attempt: 1 });
    expect(receipts()).toEqual([job.id]);
    await worker.drain();
    expect(worker.stats).toMatchObject({ settled: 1, dropped: 0 });
  });

  it("keeps what the job said before it", async () => {
    const mill = await bench().open();
    const { db } = openShop(bench());
    const worker = bench()
      .worker(mill)
      .handle("pay", (_, ctx) => {
        ctx.log("the last word");
        ctx.progress(80, "paying");
        db.transaction(() => void ctx.complete(1, { tx: db })).immediate();
      });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("pay")).id);
    await worker.drain();
    expect((await mill.logs(job.id)).map(({ text }) => text)).toEqual(["the last word"]);
    expect(job.progress).toEqual({ percent: 80, message: "paying" });
  });

  it("is undone with the caller's rows: the attempt has failed, and the next one completes both", async () => {
    const mill = await bench().open();
    const { db, insert, receipts } = openShop(bench());
    await bench()
      .worker(mill)
      .handle("pay", (job, ctx) => {
        db.exec("BEGIN IMMEDIATE");
        insert.run(job.id);
        void ctx.complete(ctx.attempt, { tx: db });
        db.exec(ctx.attempt === 1 ? "ROLLBACK" : "COMMIT");
      })
      .start();
    const { id } = await mill.enqueue("pay", null, { backoff: { type: "fixed", delayMs: 0 } });
    const job = await mill.wait(id);
    expect(job).toMatchObject({ state: "completed", attempt: 2, result: 2 });
    expect(receipts()).toEqual([id]);
    expect((await mill.attempts(id))[0]?.error?.message).toContain(
      "the transaction in which the job was completed was rolled back",
    );
  });

  it("throws at once when the lease is lost, so that the caller's rows are rolled back", async () => {
    const mill = await bench().open();
    const { db, insert, receipts } = openShop(bench());
    const gate = new Gate();
    const thrown: unknown[] = [];
    const worker = bench()
      .worker(mill, { leaseMs: 3_000, concurrency: 1 })
      .handle("pay", async (job, ctx) => {
        if (ctx.token > 1) return "by the next";
        await gate.pass();
        try {
          db.transaction(() => {
            insert.run(job.id);
            void ctx.complete("by the first", { tx: db });
          }).immediate();
        } catch (error) {
          thrown.push(error);
        }
        return "too late";
      });
    await worker.start();
    const { id } = await mill.enqueue("pay");
    await until("it runs", () => gate.arrived === 1);
    db.exec("UPDATE millrace_running SET lease_until = attempt_started_at");
    await until("the job was taken back", async () => (await mill.attempts(id)).length === 1);
    gate.open();
    expect(await mill.wait(id)).toMatchObject({ state: "completed", result: "by the next", attempt: 2 });
    expect(thrown[0]).toBeInstanceOf(LeaseLostError);
    expect(receipts()).toEqual([]);
  });
});
