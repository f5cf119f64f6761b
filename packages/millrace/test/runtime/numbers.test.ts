import { ConflictError } from "millrace";
import { expect, it } from "vitest";
import { onSharedStores, onEveryStore } from "./bench.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const sorted = (numbers: readonly (number | null)[]): (number | null)[] =>
  numbers.toSorted((a, b) => (a ?? 0) - (b ?? 0));

onEveryStore("numbers", (bench) => {
  it("of 120 enqueues at once are 1 to 120, in the order of the calls", async () => {
    const mill = await bench().open();
    const jobs = await Promise.all(upTo(120).map((n) => mill.enqueue("k", n)));
    expect(jobs.map(({ number }) => number)).toEqual(upTo(120));
  });

  it("have no gap after calls that failed", async () => {
    const mill = await bench().open();
    await mill.enqueue("k", "held", { key: "one" });
    const calls = upTo(120).map((n) => {
      if (n % 4 === 1) return mill.enqueue("k", n, { key: "one" });
      if (n % 4 === 2) return mill.enqueue("k", BigInt(n));
      if (n % 4 === 3) return mill.enqueue("k", n, { priority: 0.5 });
      return mill.enqueue("k", n);
    });
    const made = (await Promise.allSettled(calls)).flatMap((each) =>
      each.status === "fulfilled" ? [each.value.number] : [],
    );
    expect(made).toEqual(upTo(31).slice(1));
    expect((await mill.enqueue("k")).number).toBe(32);
  });

  it("are counted for each scope on its own, the queue unless another is given", async () => {
    const mill = await bench().open();
    const place = async (options: object): Promise<unknown> => {
      const { scope, number } = await mill.enqueue("k", null, options);
      return [scope, number];
    };
    expect(await place({ queue: "mail" })).toEqual(["mail", 1]);
    expect(await place({ queue: "mail", scope: "acme" })).toEqual(["acme", 1]);
    expect(await place({ queue: "video", scope: "acme" })).toEqual(["acme", 2]);
    expect(await place({ queue: "mail" })).toEqual(["mail", 2]);
    expect(await place({ queue: "mail", numbered: false })).toEqual(["mail", null]);
    expect(await place({ queue: "mail" })).toEqual(["mail", 3]);
  });

  it("for rows of one's own come from the same counter", async () => {
    const mill = await bench().open();
    expect(await mill.number("invoice")).toBe(1);
    expect(await mill.number("invoice", { count: 10 })).toBe(2);
    expect((await mill.enqueue("k", null, { scope: "invoice" })).number).toBe(12);
    const numbers = await Promise.all(upTo(100).map(() => mill.number("issue")));
    expect(numbers).toEqual(upTo(100));
    await expect(mill.number("issue", { count: 0 })).rejects.toThrow(/count must be a whole number/);
  });

  it("go on after numbers that were adopted, and never back", async () => {
    const mill = await bench().open();
    await mill.adoptNumbers("issue", 4_711);
    await mill.adoptNumbers("issue", 4_711);
    expect(await mill.number("issue")).toBe(4_712);
    const error = await mill.adoptNumbers("issue", 4_711).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ code: "state_conflict", details: { scope: "issue", last: 4_712, highest: 4_711 } });
    await expect(mill.adoptNumbers("issue", -1)).rejects.toThrow(/highest must be a whole number/);
    await expect(mill.adoptNumbers("issue", undefined as never)).rejects.toThrow(/highest is missing/);
    expect((await mill.enqueue("k", null, { scope: "issue" })).number).toBe(4_713);
  });
});

onSharedStores("numbers over several clients", (bench) => {
  it("of 120 enqueues at once are 1 to 120, each once", async () => {
    const mills = await Promise.all([bench().open(), bench().open(), bench().open()]);
    const jobs = await Promise.all(upTo(120).map(async (n) => mills[n % 3]?.enqueue("k", n)));
    expect(sorted(jobs.map((job) => job?.number ?? null))).toEqual(upTo(120));
    const { jobs: stored } = await mills[0].list({}, { limit: 200 });
    expect(stored.map(({ number }) => number)).toEqual(upTo(120).toReversed());
  });
});
