import { expect, it } from "vitest";
import { onPostgres } from "../runtime/bench.ts";
import type { Caller } from "../runtime/caller.ts";

/** Run `work` in a transaction of that isolation level, which begins with a look at the data. */
async function seeing(caller: Caller, level: string, work: () => Promise<unknown>): Promise<void> {
  await caller.transaction(async () => {
    await caller.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
    await caller.query("SELECT 1");
    await work();
  });
}

for (const level of ["REPEATABLE READ", "SERIALIZABLE"]) {
  onPostgres(`a caller's transaction that is ${level}`, (bench) => {
    it("commits while nobody else was given a number of its scope", async () => {
      const mill = await bench().open();
      const caller = await bench().caller();
      await mill.enqueue("k", "first");
      await seeing(caller, level, () => mill.enqueue("k", "own", { tx: caller.tx }));
      expect((await mill.list()).jobs.map(({ number }) => number)).toEqual([2, 1]);
    });

    it("is refused at its commit when somebody was, and can be repeated", async () => {
      const mill = await bench().open();
      const caller = await bench().caller();
      await mill.enqueue("k", "first");
      const losing = seeing(caller, level, async () => {
        await mill.enqueue("k", "own", { tx: caller.tx });
        await mill.enqueue("k", "between");
      });
      await expect(losing).rejects.toMatchObject({ code: "40001" });
      await seeing(caller, level, () => mill.enqueue("k", "own", { tx: caller.tx }));
      const { jobs } = await mill.list();
      expect(jobs.map(({ number, payload }) => `${number} ${String(payload)}`)).toEqual([
        "3 own",
        "2 between",
        "1 first",
      ]);
    });

    it("is refused when it is the first to use a scope, and can be repeated", async () => {
      const mill = await bench().open();
      const caller = await bench().caller();
      const enqueue = (): Promise<unknown> => mill.enqueue("k", "own", { tx: caller.tx });
      await expect(seeing(caller, level, enqueue)).rejects.toMatchObject({ code: "40001" });
      await seeing(caller, level, enqueue);
      expect((await mill.list()).jobs.map(({ number }) => number)).toEqual([1]);
    });

    it("is not refused for the sake of a number when its jobs have none", async () => {
      const mill = await bench().open();
      const caller = await bench().caller();
      await mill.enqueue("k", "first");
      await seeing(caller, level, async () => {
        await mill.enqueue("k", "own", { numbered: false, tx: caller.tx });
        await mill.enqueue("k", "own", { numbered: false, scope: "novel", tx: caller.tx });
        await mill.enqueue("k", "between");
      });
      const { jobs } = await mill.list();
      const told = jobs.map(({ number, payload }) => `${String(payload)} ${number}`);
      expect(told.toSorted((a, b) => a.localeCompare(b))).toEqual(["between 2", "first 1", "own null", "own null"]);
    });

    it("is refused what is newer than it is, a lane, a scope, a key or a number, by an error that is retryable", async () => {
      const mill = await bench().open();
      const caller = await bench().caller();
      const { tx } = caller;
      await mill.enqueue("k");
      const novel = [() => mill.enqueue("k", 1, { fairKey: "novel", tx }), () => mill.number("novel", { tx })];
      const overtaken = [
        () => mill.enqueue("k", 1, { key: "one" }).then(() => mill.enqueue("k", 1, { key: "one", tx })),
        () => mill.number("issues").then(() => mill.number("issues", { tx })),
      ];
      for (const call of [...novel, ...overtaken]) {
        await expect(seeing(caller, level, call)).rejects.toMatchObject({ code: "store_busy", retryable: true });
      }
      for (const call of novel) await seeing(caller, level, call);
      expect((await mill.counts()).queued).toBe(3);
    });
  });
}
