import { LeaseLostError, type HandlerContext, type Job, type Millrace } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, type Bench } from "./bench.ts";
import { Gate, reasonOf, until } from "./until.ts";

type Body = (job: Job, ctx: HandlerContext<Millrace>) => Promise<unknown>;

/** Short, so that a lost lease is noticed soon; the test does not rest on its length. */
const LEASE = { leaseMs: 3_000, heartbeatMs: 100, concurrency: 1, stopGraceMs: 60_000 } as const;

/** Let the lease of the one running job be over, as after a pause of its worker's machine, until somebody took the job back. */
async function rescueFrom(bench: Bench, mill: Millrace, { id }: Job): Promise<void> {
  const stranger = await bench.caller();
  const expire = `UPDATE ${bench.table("running")} SET lease_until = attempt_started_at WHERE token = 1`;
  await until("the lease has been taken away", async () => {
    await stranger.query(expire);
    return (await mill.attempts(id)).length > 0;
  });
}

/**
 * A job whose first attempt stands in `first` while its lease is lost, and whose second runs `second` in another
 * client's worker. Answers when the job has ended and the first worker holds nothing any more.
 */
async function loseLease(bench: Bench, first: Body, second: Body = async () => "the second") {
  const [mine, other] = [await bench.open(), await bench.open()];
  const gate = new Gate();
  const body: Body = async (job, ctx) => {
    await gate.pass();
    return first(job, ctx);
  };
  const stale = bench.worker(mine, LEASE).handle("work", body);
  await stale.start();
  const job = await mine.enqueue("work", null, { maxAttempts: 5 });
  await until("the first attempt runs", () => gate.arrived === 1);
  // It takes nothing more: once it hears that the lease is lost it is free, and could be quicker than the other.
  const stopped = stale.stop();
  const heir = bench.worker(other, LEASE).handle("work", second);
  await heir.start();
  await rescueFrom(bench, other, job);
  await until("the other has it", () => heir.stats.claimed === 1);
  gate.open();
  const ended = await other.wait(job.id);
  await until("the stale attempt is given up", () => stale.stats.dropped === 1);
  await stopped;
  return { mine, other, stale, heir, ended };
}

onSharedStores("an attempt whose lease was lost", (bench) => {
  it("is told by its signal with LeaseLostError, and what it returns is dropped", async () => {
    const reasons: unknown[] = [];
    const { ended, stale, heir, other } = await loseLease(bench(), async (_, ctx) => {
      reasons.push(await reasonOf(ctx.signal));
      expect(() => ctx.checkCancelled()).toThrow(LeaseLostError);
      return "the first";
    });
    expect(reasons[0]).toBeInstanceOf(LeaseLostError);
    expect(ended).toMatchObject({ state: "completed", result: "the second", attempt: 2, worker: heir.id });
    expect(await other.attempts(ended.id)).toMatchObject([{ attempt: 1, token: 1, ending: "lost", worker: stale.id }]);
    expect(stale.stats).toMatchObject({ claimed: 1, settled: 0, dropped: 1 });
    expect(
      bench()
        .said.filter(({ level }) => level === "warn")
        .map(({ message }) => message)
        .join(),
    ).toContain("lost");
  });

  it("cannot complete the job, however quick it is to answer", async () => {
    const { ended } = await loseLease(bench(), async () => "the first");
    expect(ended).toMatchObject({ state: "completed", result: "the second", attempt: 2 });
  });

  it("cannot fail the job", async () => {
    const { ended, other } = await loseLease(bench(), () => Promise.reject(new Error("the first")));
    expect(ended).toMatchObject({ state: "completed", result: "the second", error: null });
    expect(await other.attempts(ended.id)).toHaveLength(1);
  });

  it("enqueues nothing: its client answers LeaseLostError", async () => {
    const failures: unknown[] = [];
    const { other } = await loseLease(bench(), async (_, { mill }) => {
      const note = (error: unknown): void => void failures.push(error);
      await mill.enqueue("child").catch(note);
      await mill.enqueueMany([{ kind: "child" }, { kind: "child" }]).catch(note);
    });
    await until("both calls were answered", () => failures.length === 2);
    for (const error of failures) expect(error).toBeInstanceOf(LeaseLostError);
    expect((await other.list({ kind: "child" })).jobs).toEqual([]);
  });

  it("keeps neither progress nor log lines of it", async () => {
    const { ended, other } = await loseLease(
      bench(),
      async (_, ctx) => {
        ctx.progress(99, "nearly");
        ctx.log("from the first");
        await reasonOf(ctx.signal);
      },
      async (_, ctx) => ctx.log("from the second"),
    );
    expect((await other.logs(ended.id)).map(({ text, attempt }) => [text, attempt])).toEqual([["from the second", 2]]);
    expect(ended.progress).toBeNull();
  });

  it("cannot complete the job by ctx.complete", async () => {
    const failures: unknown[] = [];
    const { ended } = await loseLease(bench(), async (_, ctx) => {
      await ctx.complete("the first").catch((error: unknown) => void failures.push(error));
    });
    await until("the call was answered", () => failures.length === 1);
    expect(failures[0]).toBeInstanceOf(LeaseLostError);
    expect(ended.result).toBe("the second");
  });
});

onSharedStores("an attempt that holds its lease", (bench) => {
  it("keeps it by heartbeats for much longer than it lasts", async () => {
    const [mine, other] = [await bench().open(), await bench().open()];
    const gate = new Gate();
    const options = { leaseMs: 400, heartbeatMs: 100 };
    await bench()
      .worker(mine, options)
      .handle("long", () => gate.pass())
      .start();
    await bench()
      .worker(other, options)
      .handle("long", () => gate.pass())
      .start();
    const { id } = await mine.enqueue("long");
    await until("it runs", () => gate.arrived === 1);
    const startedAt = performance.now();
    await until("three leases have passed", () => performance.now() - startedAt > 1_300);
    gate.open();
    expect(await mine.wait(id)).toMatchObject({ state: "completed", attempt: 1 });
    expect(gate.arrived).toBe(1);
  });

  it("enqueues under it", async () => {
    const mill = await bench().open();
    const worker = bench()
      .worker(mill)
      .handle("parent", async (job, ctx) => {
        const child = await ctx.mill.enqueue("child", null, { group: job.id });
        return child.id;
      });
    await worker.handle("child", () => "done").start();
    const parent = await mill.wait((await mill.enqueue("parent")).id);
    expect(await mill.wait(parent.result as string)).toMatchObject({ state: "completed", group: parent.id });
  });

  it("is not lost because its own event loop stood still for longer than a lease, when nobody took the job", async () => {
    const mill = await bench().open();
    const worker = bench().worker(mill, { leaseMs: 1_000, heartbeatMs: 300 });
    worker.handle("busy", () => {
      const end = performance.now() + 2_500;
      while (performance.now() < end);
      return "still mine";
    });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("busy")).id);
    expect(job).toMatchObject({ state: "completed", result: "still mine", attempt: 1 });
  });
});
