import { describe, expect, it } from "vitest";
import { Times } from "./times.ts";

const times = new Times([
  { from: 50, until: 60 },
  { from: 10, until: 20 },
  { from: 15, until: 30 },
  { from: 70, until: 70 },
]);

describe("stretches of time", () => {
  it("count what lies in several of them once", () => {
    expect(times.spans).toEqual([
      { from: 10, until: 30 },
      { from: 50, until: 60 },
      { from: 70, until: 70 },
    ]);
    expect(times.within(0, 100)).toBe(30);
  });

  it.each([
    [0, 10, 0],
    [0, 15, 5],
    [12, 18, 6],
    [25, 55, 10],
    [30, 50, 0],
    [60, 99, 0],
    [18, 12, 0],
  ])("lie between %i and %i for %i", (from, until, length) => {
    expect(times.within(from, until)).toBe(length);
  });

  it.each([
    [0, 9, false],
    [0, 10, true],
    [31, 49, false],
    [30, 49, true],
    [61, 69, false],
    [65, 75, true],
    [71, 99, false],
  ])("meet what is between %i and %i: %s", (from, until, meets) => {
    expect(times.meets(from, until)).toBe(meets);
  });

  it("are none of no length", () => {
    expect(Times.none.within(0, 100)).toBe(0);
    expect(Times.none.meets(0, 100)).toBe(false);
  });
});
