import { describe, expect, it } from "vitest";
import { linearize, shrink, type Step } from "./linearize.ts";

/** A register: what is written is read, and a write may be lost. */
const wrote = (value: number, from: number, until = from + 1, isOptional = false): Step<number> => {
  return { from, until, isOptional, apply: () => value };
};
const read = (value: number, from: number, until = from + 1): Step<number> => {
  return { from, until, isOptional: false, apply: (state) => (state === value ? state : null) };
};
const judge = (steps: readonly Step<number>[], budget?: number): string => linearize(steps, 0, String, budget);

describe("an order of steps", () => {
  it.each<readonly [what: string, judged: string, steps: readonly Step<number>[]]>([
    ["is found where each comes after the other", "ok", [wrote(1, 0), read(1, 2)]],
    ["is not there for a read of what was overwritten", "violated", [wrote(1, 0), wrote(2, 2), read(1, 4)]],
    ["is found for a read while it is overwritten", "ok", [wrote(1, 0), wrote(2, 2, 5), read(1, 4)]],
    [
      "is not there for two reads that disagree on which write came first",
      "violated",
      [wrote(1, 0, 9), wrote(2, 0, 9), read(1, 10), read(2, 12)],
    ],
    ["is found with a write that may be lost, lost", "ok", [wrote(1, 0), wrote(2, 2, Infinity, true), read(1, 4)]],
    ["is found with it done, and long after", "ok", [wrote(1, 0), wrote(2, 2, Infinity, true), read(1, 4), read(2, 6)]],
    [
      "is not there when what was done is undone",
      "violated",
      [wrote(1, 0), wrote(2, 2, Infinity, true), read(2, 4), read(1, 6)],
    ],
    ["is found whatever the order in which the steps are told", "ok", [read(1, 2), wrote(1, 0)]],
  ])("%s", (_, judged, steps) => {
    expect(judge(steps)).toBe(judged);
  });

  it("is unknown when it takes longer to look than it may", () => {
    const many = Array.from({ length: 12 }, (_, i) => wrote(i + 1, 0, 9));
    expect(judge([...many, read(99, 10)], 50)).toBe("unknown");
  });

  it("thinks of a twin only once the other is done", () => {
    const first = wrote(1, 0, Infinity, true);
    const never: Step<number> = { ...first, apply: () => null };
    const after = (twinOf: Step<number>): Step<number> => ({ ...wrote(2, 0, Infinity, true), twinOf });
    expect(judge([first, after(first), read(2, 4)])).toBe("ok");
    expect(judge([never, after(never), read(2, 4)])).toBe("violated");
  });

  it("that is not there is shown by the fewest steps", () => {
    const [a, b, c] = [wrote(1, 0), wrote(2, 2), read(1, 4)];
    expect(shrink<number, Step<number>>([wrote(7, -3), read(7, -1), a, b, read(2, 3), c], 0, String)).toEqual([
      a,
      b,
      c,
    ]);
  });
});
