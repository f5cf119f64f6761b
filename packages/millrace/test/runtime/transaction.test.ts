import { ConflictError, defineJob, OptionsError } from "millrace";
import { expect, it } from "vitest";
import { z } from "zod";
import { onAFile, onEveryStore, onPostgres, onSharedStores } from "./bench.ts";
import { undone } from "./caller.ts";

onSharedStores("an enqueue in the caller's transaction", (bench) => {
  it("commits and rolls back with it, and no number is burnt", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    const kept = { kind: "k", payload: "kept" };
    await undone(caller, () => mill.enqueue("k", "undone", { tx }));
    await caller.transaction(async () => {
      await mill.enqueue("k", "kept", { tx });
      await mill.enqueueMany([kept, kept], { tx });
      await mill.enqueue("k", "kept", { tx });
    });
    await undone(caller, () => mill.enqueueMany([{ kind: "k", payload: "undone" }], { tx }));
    expect((await mill.enqueue("k", "kept")).number).toBe(5);
    const { jobs } = await mill.list();
    expect(jobs.map(({ number, payload }) => [number, payload])).toEqual(
      [5, 4, 3, 2, 1].map((number) => [number, "kept"]),
    );
  });

  it("is not seen before the commit, and wakes the workers after it", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    await bench()
      .worker(mill)
      .handle("k", () => "ran")
      .start();
    const id = await caller.transaction(async () => {
      const job = await mill.enqueue("k", null, { tx: caller.tx });
      expect(await mill.get(job.id)).toBeNull();
      return job.id;
    });
    expect(await mill.wait(id, { timeoutMs: 1_500 })).toMatchObject({ state: "completed" });
  });

  it("that fails leaves nothing by halves, when the caller commits the rest", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    await caller.query("CREATE TEMP TABLE own (n INTEGER)");
    await mill.enqueue("k", 1, { key: "one" });
    await caller.transaction(async () => {
      await caller.query("INSERT INTO own VALUES (1)");
      await expect(async () => mill.enqueue("k", 2, { tx, key: "one" })).rejects.toThrow(ConflictError);
      const items = [{ kind: "k" }, { kind: "k", payload: 12n }];
      await expect(async () => mill.enqueueMany(items, { tx })).rejects.toThrow(/no JSON form/);
    });
    expect(await caller.query("SELECT n FROM own")).toEqual([{ n: 1 }]);
    expect((await mill.list()).jobs).toHaveLength(1);
    expect((await mill.enqueue("k", 3)).number).toBe(2);
  });

  it("checks the payload, and a schema that takes its time is refused", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    const quick = defineJob("quick", { input: z.object({ n: z.number() }) });
    const late = defineJob("late", { input: z.object({ n: z.number().refine(async () => true) }) });
    await caller.transaction(async () => {
      expect((await mill.enqueue(quick, { n: 1 }, { tx })).payload).toEqual({ n: 1 });
      await expect(async () => mill.enqueue(quick, { n: "1" as never }, { tx })).rejects.toThrow(
        /the payload of "quick" is wrong: n: /,
      );
      await expect(async () => mill.enqueue(late, { n: 1 }, { tx })).rejects.toThrow(
        /inside a transaction it must be synchronous/,
      );
    });
    expect((await mill.counts()).queued).toBe(1);
  });

  it("under the lease of a handler is one with its rows", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    await bench()
      .worker(mill)
      .handle("parent", async (_, ctx) => {
        await undone(caller, () => ctx.mill.enqueue("child", null, { tx }));
        return caller.transaction(async () => (await ctx.mill.enqueue("child", null, { tx, delayMs: 60_000 })).id);
      })
      .start();
    const { result } = await mill.wait((await mill.enqueue("parent")).id);
    expect((await mill.list({ kind: "child" })).jobs.map(({ id }) => id)).toEqual([result]);
  });
});

onSharedStores("a number in the caller's transaction", (bench) => {
  it("comes and goes with it, and goes on where the counter stands", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    expect(await mill.number("issue")).toBe(1);
    await undone(caller, () => mill.number("issue", { tx }));
    const taken = await caller.transaction(async () => [
      await mill.number("issue", { tx }),
      await mill.number("issue", { tx, count: 3 }),
      await mill.number("issue", { tx }),
    ]);
    expect(await mill.number("issue")).toBe(7);
    expect(taken).toEqual([2, 3, 6]);
  });
});

onAFile("a synchronous transaction of the caller", (bench) => {
  it("is written to when a call returns, which answers with its value", async () => {
    const mill = await bench().open();
    const db = bench().connect();
    const taken: number[] = [];
    db.transaction(() => {
      taken.push(mill.enqueueSync("k", "one", { tx: db }).number ?? 0);
      void mill.enqueue("k", "two", { tx: db });
      void mill.enqueueMany([{ kind: "k", payload: "three" }], { tx: db });
      taken.push(mill.numberSync("issue", { tx: db, count: 3 }), mill.numberSync("issue", { tx: db }));
      expect(() => mill.enqueueSync("k", 12n, { tx: db })).toThrow(/no JSON form/);
    }).immediate();
    expect(taken).toEqual([1, 1, 4]);
    expect((await mill.list()).jobs.map(({ payload }) => payload)).toEqual(["three", "two", "one"]);
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

onPostgres("what is no transaction", (bench) => {
  it("is refused by its name, and nothing is written", async () => {
    const mill = await bench().open();
    const { tx: idle } = await bench().caller();
    const calls = (tx: unknown): (() => Promise<unknown>)[] => [
      async () => mill.enqueue("k", null, { tx }),
      async () => mill.enqueueMany([{ kind: "k" }], { tx }),
      async () => mill.number("s", { tx }),
    ];
    for (const call of calls(idle)) await expect(call).rejects.toThrow(/tx has no transaction open/);
    for (const tx of [{}, "tx", 7, mill]) {
      for (const call of calls(tx)) await expect(call).rejects.toThrow(OptionsError);
    }
    expect(await mill.list()).toMatchObject({ jobs: [] });
  });

  it("and no value can be had at once: the synchronous forms say what to use instead", async () => {
    const mill = await bench().open();
    const caller = await bench().caller();
    const { tx } = caller;
    await caller.transaction(async () => {
      expect(() => mill.enqueueSync("k", null, { tx })).toThrow(/transactions are asynchronous; use enqueue\(\)/);
      expect(() => mill.numberSync("s", { tx })).toThrow(/transactions are asynchronous; use number\(\)/);
      // On the same connection, so what they had sent would have come before it.
      await mill.enqueue("k", "the only one", { tx });
    });
    expect((await mill.list()).jobs.map(({ payload, number }) => [payload, number])).toEqual([["the only one", 1]]);
    expect(await mill.number("s")).toBe(1);
  });
});

onPostgres("several transactions of callers at once", (bench) => {
  it("delay nobody, and their jobs are numbered in the order of their commits", async () => {
    const mill = await bench().open();
    const [one, two] = [await bench().caller(), await bench().caller()];
    await one.transaction(async () => {
      const late = await mill.enqueue("k", "late", { tx: one.tx });
      expect(late.number).toBeNull();
      await two.transaction(() => mill.enqueue("k", "early", { tx: two.tx }));
      expect((await mill.enqueue("k", "between")).number).toBe(2);
    });
    const { jobs } = await mill.list();
    const inOrder = jobs.toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0));
    expect(inOrder.map(({ number, payload }) => [number, payload])).toEqual([
      [1, "early"],
      [2, "between"],
      [3, "late"],
    ]);
  });
});

onEveryStore("enqueueMany", (bench) => {
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
