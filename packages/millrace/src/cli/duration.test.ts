import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["1w", 604_800_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["0s", 0],
  ])("%s is read as %d ms", (text, ms) => {
    expect(parseDuration(text, "--in")).toBe(ms);
  });

  it.each(["", "5", "5x", "-5m", "m", "5m ", "5 m", "1h-30m", "1e3s", "5M", ".5s"])("%j is refused", (text) => {
    expect(() => parseDuration(text, "--in")).toThrow("--in: ");
  });

  it.each([
    [0, "0.00ms"],
    [0.25, "0.25ms"],
    [35, "35ms"],
    [1_000, "1s"],
    [4_250, "4.2s"],
    [59_999, "59.9s"],
    [60_000, "1m"],
    [5_430_000, "1h 30m"],
    [90_000_000, "1d 1h"],
    [86_460_000, "1d"],
  ])("of %d ms is told as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("comes back as it was written, in whole units", () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    fc.assert(
      fc.property(fc.nat(10_000), unit, (count, name) => {
        expect(parseDuration(`${count}${name}`, "--in")).toBe(count * units[name]);
      }),
    );
  });
});
