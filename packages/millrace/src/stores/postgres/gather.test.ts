import { describe, expect, test } from "vitest";
import { Gather, type GatherOptions } from "./gather.ts";

function aGather(change: Partial<GatherOptions<number, string>> = {}): Gather<number, string> {
  return new Gather({
    most: 100,
    send: async (items) => items.map((item) => `sent ${item}`),
    alone: async (items) => items.map((item) => `alone ${item}`),
    isCurable: () => false,
    isShared: () => false,
    ...change,
  });
}

describe("a gather", () => {
  test("joins the calls of one turn, and gives each its own answers in order", async () => {
    const batches: number[][] = [];
    const gather = aGather({
      send: async (items) => {
        batches.push([...items]);
        return items.map(String);
      },
    });
    expect(await Promise.all([gather.add([1, 2]), gather.add([3]), gather.add([])])).toEqual([["1", "2"], ["3"], []]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test("has two batches under way at most, and joins what comes meanwhile", async () => {
    const doors: (() => void)[] = [];
    const batches: number[][] = [];
    const gather = aGather({
      send: async (items) => {
        batches.push([...items]);
        await new Promise<void>((resolve) => doors.push(resolve));
        return items.map(String);
      },
    });
    const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const calls = [];
    for (const n of [1, 2, 3, 4]) {
      calls.push(gather.add([n]));
      await turn();
    }
    expect(batches).toEqual([[1], [2]]);
    doors.shift()?.();
    while (batches.length < 3) await turn();
    expect(batches[2]).toEqual([3, 4]);
    doors.forEach((open) => open());
    expect(await Promise.all(calls)).toEqual([["1"], ["2"], ["3"], ["4"]]);
  });

  test("a batch holds no more than its most, but for one call that brings more", async () => {
    const sizes: number[] = [];
    const gather = aGather({
      most: 3,
      send: async (items) => {
        sizes.push(items.length);
        return items.map(String);
      },
    });
    await Promise.all([gather.add([1, 2]), gather.add([3]), gather.add([4, 5, 6, 7]), gather.add([8])]);
    expect(sizes).toEqual([3, 4, 1]);
  });

  test("calls that failed together are tried alone; one that was alone is not", async () => {
    const gather = aGather({ send: () => Promise.reject(new Error("no")) });
    expect(await Promise.all([gather.add([1]), gather.add([2])])).toEqual([["alone 1"], ["alone 2"]]);
    await expect(gather.add([3])).rejects.toThrow("no");
  });

  test("a failure that may be cured is tried once more alone, one that is shared by all is not", async () => {
    const failing = { send: () => Promise.reject(new Error("no")) };
    expect(await aGather({ ...failing, isCurable: () => true }).add([1])).toEqual(["alone 1"]);
    const shared = aGather({ ...failing, isShared: () => true });
    for (const verdict of await Promise.allSettled([shared.add([1]), shared.add([2])])) {
      expect(verdict.status).toBe("rejected");
    }
  });
});
