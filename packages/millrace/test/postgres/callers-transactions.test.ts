import { OptionsError } from "millrace";
import { Pool } from "pg";
import { expect, it } from "vitest";
import { undone } from "../runtime/caller.ts";
import { onPostgres, type Bench } from "../runtime/bench.ts";
import { until } from "../runtime/until.ts";
import { adminQuery, testUrl } from "./test-database.ts";

/** Until a statement of the bench's store waits for a transaction of somebody else. */
async function someoneWaits(bench: Bench): Promise<void> {
  const schema = bench.table("").replace(".", "");
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND position($1 IN query) > 0`;
  await until("a statement waits", async () => (await adminQuery(waiting, [schema])).length > 0);
}

onPostgres("what a transaction of a caller holds until it ends", (bench) => {
  it("is the row of a key that it used: who comes with the same key waits, and others do not", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    await mill.cancel((await mill.enqueue("k", 1, { key: "one" })).id);
    const { again, first } = await caller.transaction(async () => {
      const job = await mill.enqueue("k", 1, { key: "one", tx: caller.tx });
      await mill.enqueue("k", 2, { key: "two" });
      const late = mill.enqueue("k", 1, { key: "one" });
      await someoneWaits(bench());
      return { again: late, first: job };
    });
    expect((await again).id).toBe(first.id);
    expect((await mill.counts()).queued).toBe(2);
  });

  it("is the key only if it commits: after a rollback whoever waited has a job of its own", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    let late: ReturnType<typeof mill.enqueue> | undefined;
    await undone(caller, async () => {
      await mill.enqueue("k", "undone", { key: "one", tx: caller.tx });
      late = mill.enqueue("k", "kept", { key: "one" });
      await someoneWaits(bench());
    });
    expect(await late).toMatchObject({ payload: "kept", number: 1 });
  });

  it("is the scope of which it took a number: jobs and numbers of the scope wait, those of others do not", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const later = await caller.transaction(async () => {
      expect(await mill.number("issues", { tx: caller.tx })).toBe(1);
      const calls = [mill.number("issues"), mill.enqueue("k", null, { scope: "issues" }).then(({ number }) => number)];
      const ended = Promise.allSettled(calls);
      await someoneWaits(bench());
      expect((await mill.enqueue("k")).number).toBe(1);
      expect(await mill.number("invoices")).toBe(1);
      return { ended };
    });
    const taken = (await later.ended).map((each) => (each.status === "fulfilled" ? each.value : null));
    expect(new Set(taken)).toEqual(new Set([2, 3]));
  });
});

onPostgres("a completion that is not committed yet", (bench) => {
  it("holds the job: who cancels it waits, and then comes too late", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    let late: Promise<unknown> | undefined;
    await bench()
      .worker(mill)
      .handle("k", async ({ id }, ctx) => {
        await caller.transaction(async () => {
          await ctx.complete("in time", { tx: caller.tx });
          late = mill.cancel(id).then(
            () => "cancelled",
            (error: unknown) => error,
          );
          await someoneWaits(bench());
        });
      })
      .start();
    const job = await mill.wait((await mill.enqueue("k")).id);
    expect(job).toMatchObject({ state: "completed", result: "in time" });
    expect(await late).toMatchObject({ code: "state_conflict" });
  });
});

onPostgres("a savepoint of the caller", (bench) => {
  it("takes back what was enqueued since, and no number is burnt by it", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    await caller.transaction(async () => {
      await mill.enqueue("k", "before", { tx });
      await caller.query("SAVEPOINT own");
      await mill.enqueue("k", "undone", { tx });
      await mill.number("issues", { tx });
      await caller.query("ROLLBACK TO SAVEPOINT own");
      await mill.enqueue("k", "after", { tx });
    });
    const { jobs } = await mill.list();
    expect(jobs.map(({ number, payload }) => [number, payload])).toEqual([
      [2, "after"],
      [1, "before"],
    ]);
    expect(await mill.number("issues")).toBe(1);
  });
});

onPostgres("constraints that a caller makes immediate", (bench) => {
  it("give the numbers there and then, and those of later calls as well", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    const inside = await caller.transaction(async () => {
      await mill.enqueue("k", null, { tx });
      await caller.query("SET CONSTRAINTS ALL IMMEDIATE");
      await mill.enqueueMany([{ kind: "k" }, { kind: "k" }], { tx });
      return caller.query(`SELECT number::int AS number FROM ${bench().table("jobs")} ORDER BY number`);
    });
    expect(inside).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    expect((await mill.enqueue("k")).number).toBe(4);
  });
});

onPostgres("a call that fails in a transaction of a caller", (bench) => {
  it("takes nothing of the others with it, be they made at once: they come one after the other", async () => {
    const mill = await bench().open();
    const [caller, other] = [await bench().caller(), await bench().caller()];
    const { tx } = caller;
    await other.transaction(async () => {
      await mill.enqueue("k", "other", { key: "held", tx: other.tx });
      await caller.transaction(async () => {
        await caller.query("SET LOCAL lock_timeout = '20ms'");
        const calls = Array.from({ length: 12 }, (_, n) =>
          mill.enqueue("k", n, n % 3 === 1 ? { key: "held", tx } : { tx }),
        );
        const answers = await Promise.allSettled(calls);
        const failed = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
        expect(failed).toMatchObject(Array.from({ length: 4 }, () => ({ code: "store_busy" })));
      });
    });
    const { jobs } = await mill.list();
    const own = jobs.filter(({ payload }) => payload !== "other");
    expect(own.map(({ number, payload }) => [number, payload])).toEqual(
      [11, 9, 8, 6, 5, 3, 2, 0].map((payload, place) => [8 - place, payload]),
    );
  });
});

onPostgres("a pool", (bench) => {
  it("is no transaction, and is refused as one", async () => {
    const mill = await bench().open();
    const pool = new Pool({ connectionString: testUrl() });
    try {
      await expect(async () => mill.enqueue("k", null, { tx: pool })).rejects.toThrow(OptionsError);
      await expect(async () => mill.number("s", { tx: pool })).rejects.toThrow(/tx is a pg Pool.*use a client/);
    } finally {
      await pool.end();
    }
    expect((await mill.counts()).queued).toBe(0);
  });
});
