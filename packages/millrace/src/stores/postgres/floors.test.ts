import { describe, expect, test } from "vitest";
import { Floors, wholeLane } from "./floors.ts";

function rows(...tickets: readonly (readonly [priority: number, runAt: number])[]) {
  return tickets.map(([priority, runAt]) => ({ priority, runAt }));
}

const SLOW = { isWhole: true, isFull: true, tookMs: 1_000 } as const;

describe("floors", () => {
  test("a lane of which nothing is known is read from its head", () => {
    expect(new Floors().rangesOf(7)).toEqual({ ranges: wholeLane(7), isWhole: true });
  });

  test("a look from the head that was fast is followed by another", () => {
    const floors = new Floors();
    floors.learn(7, rows([0, 5_000]), { ...SLOW, tookMs: 1 });
    expect(floors.rangesOf(7).isWhole).toBe(true);
  });

  test("after a slow one claims begin a little behind the newest ticket, and every priority is still looked at", () => {
    const floors = new Floors();
    floors.learn(7, rows([0, 5_000], [0, 9_000], [3, 7_000]), SLOW);
    const { ranges, isWhole } = floors.rangesOf(7);
    expect(isWhole).toBe(false);
    expect(ranges.map(({ high, low, since }) => [high, low, since])).toEqual([
      [Number.MAX_SAFE_INTEGER, 4, null],
      [3, 3, 6_500],
      [2, 1, null],
      [0, 0, 8_500],
      [-1, Number.MIN_SAFE_INTEGER, null],
    ]);
  });

  test("neighbouring priorities leave nothing between them to look at", () => {
    const floors = new Floors();
    floors.learn(7, rows([1, 9_000], [0, 9_000]), SLOW);
    expect(floors.rangesOf(7).ranges.map(({ high, low }) => [high, low])).toEqual([
      [Number.MAX_SAFE_INTEGER, 2],
      [1, 1],
      [0, 0],
      [-1, Number.MIN_SAFE_INTEGER],
    ]);
  });

  test("a claim that did not get enough makes the next one look at the head", () => {
    const floors = new Floors();
    floors.learn(7, rows([0, 5_000]), SLOW);
    floors.learn(7, rows(), { isWhole: false, isFull: false, tookMs: 1 });
    expect(floors.rangesOf(7).isWhole).toBe(true);
  });

  test("with a clock that a test sets, claims begin at the head always", () => {
    const floors = new Floors(0);
    floors.learn(7, rows([0, 5_000]), SLOW);
    expect(floors.rangesOf(7).isWhole).toBe(true);
  });
});
