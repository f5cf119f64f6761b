import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJobIds } from "./job-id.ts";
import { isJobId } from "./job.ts";

/** A clock that shows these instants, the last one for ever. */
function showing(...instants: readonly number[]): () => number {
  let i = 0;
  return () => instants[Math.min(i++, instants.length - 1)] ?? 0;
}

const isSorted = (ids: readonly string[]): boolean => ids.every((id, i) => i === 0 || (ids[i - 1] ?? "") < id);

describe("a job id", () => {
  it("is job_ and a ULID in lower case", () => {
    const id = createJobIds(() => 1_788_000_000_000, Math.random)();
    expect(id).toMatch(/^job_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(isJobId(id)).toBe(true);
  });

  it("begins with its millisecond, so that ids of different milliseconds sort by time", () => {
    expect(createJobIds(() => 0, Math.random)().slice(0, 14)).toBe("job_0000000000");
    expect(createJobIds(() => 2 ** 48 - 1, Math.random)().slice(0, 14)).toBe("job_7zzzzzzzzz");
  });

  it("grows inside one millisecond, whatever chance says", () => {
    for (const chance of [0, 0.5, 0.999_999]) {
      const next = createJobIds(
        () => 42,
        () => chance,
      );
      const ids = Array.from({ length: 40_000 }, next);
      expect(isSorted(ids)).toBe(true);
      expect(ids.every(isJobId)).toBe(true);
    }
  });

  it("grows while the clock steps back and comes forward again", () => {
    const next = createJobIds(showing(1_000, 1_000, 400, 400, 999, 1_000, 1_001), Math.random);
    expect(isSorted(Array.from({ length: 7 }, next))).toBe(true);
  });

  it("is not the same in two processes of one millisecond", () => {
    const of = (): string => createJobIds(() => 42, Math.random)();
    expect(new Set(Array.from({ length: 1_000 }, of)).size).toBe(1_000);
  });

  it("grows on every clock there can be", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 50 }), (instants) => {
        const next = createJobIds(showing(...instants), Math.random);
        expect(isSorted(instants.map(next))).toBe(true);
      }),
    );
  });
});

describe("what looks like a job id", () => {
  it.each([
    "",
    "job_",
    "job_01JD0000000000000000000000",
    "job_01jdoooooooooooooooooooooo",
    "01jd0000000000000000000000",
  ])("is none: %j", (text) => expect(isJobId(text)).toBe(false));
});
