import { ConflictError, defineJob, OptionsError } from "millrace";
import { expect, it } from "vitest";
import { z } from "zod";
import { onAFile, onBothStores } from "./bench.ts";

class Undo extends Error {}

/** Runs `work` in a transaction that is rolled back. */
function undone(db: { transaction: (work: () => void) => { immediate: () => void } }, work: () => void): void {
  expect(() =>
    db
      .transaction(() => {
        work();
        throw new Undo();
      })
      .immediate(),
  ).toThrow(Undo);
}

onAFile("an enqueue in the caller's transaction", (bench) => {
  it("commits and rolls back with it, and no number is burnt", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    const kept: number[] = [];
    undone(db, () => void mill.enqueueSync("k", "undone", { tx: db }));
    db.transaction(() => {
      kept.push(mill.enqueueSync("k", "kept", { tx: db }).number ?? 0);
      void mill.enqueue("k", "kept", { tx: db });
      void mill.enqueueMany(
        [
          { kind: "k", payload: "kept" },
          { kind: "k", payload: "kept" },
        ],
        { tx: db },
      );
    }).immediate();
    undone(db, () => void mill.enqueueMany([{ kind: "k", payload: "undone" }], { tx: db }));
    const last = await mill.enqueue("k", "kept");
    const { jobs } = await mill.list();
    expect(jobs.map(({ number, payload }) => [number, payload])).toEqual(
      [5, 4, 3, 2, 1].map((number) => [number, "kept"]),
    );
    expect([kept, last.number]).toEqual([[1], 5]);
  });

  it("is not seen before the commit, and wakes the workers after it", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    await bench()
      .worker(mill)
      .handle("k", () => "ran")
      .start();
    db.exec("BEGIN IMMEDIATE");
    const { id } = mill.enqueueSync("k", null, { tx: db });
    expect(await mill.get(id)).toBeNull();
    db.exec("COMMIT");
    expect(await mill.wait(id, { timeoutMs: 1_500 })).toMatchObject({ state: "completed" });
  });

  it("that fails leaves nothing by halves, when the caller commits the rest", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    db.exec("CREATE TABLE own (n INTEGER)");
    await mill.enqueue("k", 1, { key: "one" });
    db.transaction(() => {
      db.exec("INSERT INTO own VALUES (1)");
      expect(() => mill.enqueueSync("k", 2, { tx: db, key: "one" })).toThrow(ConflictError);
      expect(() => mill.enqueueMany([{ kind: "k" }, { kind: "k", payload: 12n }], { tx: db })).toThrow(/no JSON form/);
    }).immediate();
    expect(db.prepare("SELECT n FROM own").pluck().all()).toEqual([1]);
    expect((await mill.list()).jobs).toHaveLength(1);
    expect((await mill.enqueue("k", 3)).number).toBe(2);
  });

  it("checks the payload, and a schema that takes its time is refused", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    const quick = defineJob("quick", { input: z.object({ n: z.number() }) });
    const late = defineJob("late", { input: z.object({ n: z.number().refine(async () => true) }) });
    db.transaction(() => {
      expect(mill.enqueueSync(quick, { n: 1 }, { tx: db }).payload).toEqual({ n: 1 });
      expect(() => mill.enqueueSync(quick, { n: "1" as never }, { tx: db })).toThrow(
        /the payload of "quick" is wrong: n: /,
      );
      expect(() => mill.enqueueSync(late, { n: 1 }, { tx: db })).toThrow(/inside a transaction it must be synchronous/);
    }).immediate();
    expect((await mill.counts()).queued).toBe(1);
  });

  it("under the lease of a handler is one with its rows", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    await bench()
      .worker(mill)
      .handle("parent", (_, ctx) => {
        undone(db, () => void ctx.mill.enqueueSync("child", null, { tx: db }));
        return db.transaction(() => ctx.mill.enqueueSync("child", null, { tx: db, delayMs: 60_000 }).id).immediate();
      })
      .start();
    const { result } = await mill.wait((await mill.enqueue("parent")).id);
    expect((await mill.list({ kind: "child" })).jobs.map(({ id }) => id)).toEqual([result]);
  });
});

onAFile("a number in the caller's transaction", (bench) => {
  it("comes and goes with it, and goes on where the counter stands", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    expect(await mill.number("issue")).toBe(1);
    undone(db, () => void mill.numberSync("issue", { tx: db }));
    const taken: number[] = [];
    db.transaction(() => {
      taken.push(mill.numberSync("issue", { tx: db }), mill.numberSync("issue", { tx: db, count: 3 }));
      void mill.number("issue", { tx: db }).then((number) => taken.push(number));
    }).immediate();
    expect(await mill.number("issue")).toBe(7);
    expect(taken).toEqual([2, 3, 6]);
  });
});

onAFile("what is no transaction", (bench) => {
  it("is refused, at once and by its name", async () => {
    const mill = await bench().open();
    const idle = bench().connect();
    const elsewhere = await bench().open();
    const calls = (tx: unknown): (() => unknown)[] => [
      () => mill.enqueueSync("k", null, { tx }),
      () => mill.enqueue("k", null, { tx }),
      () => mill.enqueueMany([{ kind: "k" }], { tx }),
      () => mill.number("s", { tx }),
      () => mill.numberSync("s", { tx }),
    ];
    for (const call of calls(idle)) expect(call).toThrow(/tx has no transaction open/);
    for (const tx of [{}, "tx", 7, elsewhere]) {
      for (const call of calls(tx)) expect(call).toThrow(OptionsError);
    }
    expect(() => mill.enqueueSync("k", null, { tx: undefined })).toThrow(/tx must be a better-sqlite3 Database/);
    expect(await mill.list()).toMatchObject({ jobs: [] });
  });

  it("is a transaction on another file, too", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    db.exec("ATTACH ':memory:' AS other");
    const { default: Database } = await import("better-sqlite3");
    const stranger = new Database(":memory:");
    stranger.exec("BEGIN IMMEDIATE");
    expect(() => mill.enqueueSync("k", null, { tx: stranger })).toThrow(/one transaction needs one file/);
    stranger.close();
  });
});

onBothStores("enqueueMany", (bench) => {
  it("answers in order, and writes all of its jobs or none", async () => {
    const mill = await bench().open();
    const item = (n: number) => ({ kind: "k", payload: n });
    const jobs = await mill.enqueueMany([item(3), item(1), item(2)]);
    expect(jobs.map(({ payload, number }) => [payload, number])).toEqual([
      [3, 1],
      [1, 2],
      [2, 3],
    ]);
    await expect(mill.enqueueMany([item(4), { kind: "k", payload: 5n }])).rejects.toThrow(/no JSON form/);
    await expect(mill.enqueueMany([item(4), { kind: "k", payload: 1, options: { queue: "" } }])).rejects.toThrow(
      /queue/,
    );
    expect((await mill.counts()).queued).toBe(3);
    expect((await mill.enqueue("k")).number).toBe(4);
    expect(await mill.enqueueMany([])).toEqual([]);
  });

  it("takes definitions and kinds, and refuses what is no list", async () => {
    const mill = await bench().open();
    const definition = defineJob("typed", { queue: "video" });
    const [one, two] = await mill.enqueueMany([
      { definition, payload: 1 },
      { kind: "plain", options: { queue: "mail" } },
    ]);
    expect([one?.queue, two?.queue, two?.payload]).toEqual(["video", "mail", null]);
    await expect(mill.enqueueMany({} as never)).rejects.toThrow("enqueueMany() expects a list; got an object");
    await expect(mill.enqueueMany([{ knd: "k" } as never])).rejects.toThrow('did you mean "kind"?');
  });

  it("writes none of its jobs when one of them has the key of a live job with another payload", async () => {
    const mill = await bench().open();
    await mill.enqueue("k", "first", { key: "one" });
    const items = [{ kind: "k" }, { kind: "k", payload: "second", options: { key: "one" } }, { kind: "k" }];
    await expect(mill.enqueueMany(items)).rejects.toThrow(ConflictError);
    expect((await mill.list()).jobs).toHaveLength(1);
    expect((await mill.enqueue("k")).number).toBe(2);
  });
});
