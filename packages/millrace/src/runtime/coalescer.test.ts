import { describe, expect, it } from "vitest";
import { Coalescer } from "./coalescer.ts";
import { systemClock } from "./platform.ts";

class Outage extends Error {}

/** A store that keeps the calls it was sent, and answers each item with itself doubled. */
function bench(refuse: (items: readonly number[]) => Error | undefined = () => undefined) {
  const calls: (readonly number[])[] = [];
  const coalescer = new Coalescer<number, number>(
    async (items) => {
      calls.push(items);
      const error = refuse(items);
      if (error !== undefined) throw error;
      return items.map((item) => item * 2);
    },
    (error) => error instanceof Outage,
    systemClock,
  );
  return { calls, coalescer };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("calls of one turn", () => {
  it("become one call to the store, and each caller gets its own answer", async () => {
    const { calls, coalescer } = bench();
    const answers = await Promise.all(range(1, 100).map((n) => coalescer.add(n)));
    expect(answers).toEqual(range(1, 100).map((n) => n * 2));
    expect(calls).toEqual([range(1, 100)]);
  });

  it("become several calls when they are very many", async () => {
    const { calls, coalescer } = bench();
    await Promise.all(range(1, 2_500).map((n) => coalescer.add(n)));
    expect(calls.map((items) => items.length)).toEqual([1_000, 1_000, 500]);
  });

  it("do not wait for those of a later turn", async () => {
    const { calls, coalescer } = bench();
    expect(await coalescer.add(1)).toBe(2);
    expect(await coalescer.add(2)).toBe(4);
    expect(calls).toEqual([[1], [2]]);
  });
});

describe("a call the store refuses", () => {
  it("fails alone: the others are answered", async () => {
    const { calls, coalescer } = bench((items) => (items.includes(3) ? new Error("not 3") : undefined));
    const answers = await Promise.allSettled(range(1, 5).map((n) => coalescer.add(n)));
    expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : String(answer.reason)))).toEqual([
      2,
      4,
      "Error: not 3",
      8,
      10,
    ]);
    expect(calls).toEqual([range(1, 5), [1], [2], [3], [4], [5]]);
  });

  it("is not tried again when it was alone", async () => {
    const { calls, coalescer } = bench(() => new Error("no"));
    await expect(coalescer.add(1)).rejects.toThrow("no");
    expect(calls).toEqual([[1]]);
  });
});

describe("an outage", () => {
  it("fails all callers of the turn, and none of them is tried alone", async () => {
    const { calls, coalescer } = bench(() => new Outage("away"));
    const answers = await Promise.allSettled(range(1, 50).map((n) => coalescer.add(n)));
    expect(answers.every((answer) => answer.status === "rejected" && answer.reason instanceof Outage)).toBe(true);
    expect(calls).toHaveLength(1);
  });

  it("ends for those who come after it", async () => {
    let isAway = true;
    const { coalescer } = bench(() => (isAway ? new Outage("away") : undefined));
    await expect(coalescer.add(1)).rejects.toThrow("away");
    isAway = false;
    expect(await coalescer.add(1)).toBe(2);
  });
});
