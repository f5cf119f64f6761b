import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffDelay, backoffProblem, DEFAULT_BACKOFF, type BackoffPolicy } from "./backoff.ts";

const NO_CHANCE = (): number => 0;
const MOST_CHANCE = (): number => 0.999_999;

describe("the delay after a failed attempt", () => {
  it("is 1 s, 2 s, 4 s … and at most five minutes unless anything else was said", () => {
    const delays = [1, 2, 3, 4, 9, 10, 30].map((attempt) => backoffDelay(DEFAULT_BACKOFF, attempt, NO_CHANCE));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
  });

  it("is always the same for a fixed policy", () => {
    const policy: BackoffPolicy = { type: "fixed", delayMs: 70 };
    expect([1, 2, 50].map((attempt) => backoffDelay(policy, attempt, MOST_CHANCE))).toEqual([70, 70, 70]);
  });

  it("loses at most its jitter to chance", () => {
    const policy: BackoffPolicy = { type: "exponential", delayMs: 1_000, factor: 3, jitter: 0.5 };
    expect(backoffDelay(policy, 2, NO_CHANCE)).toBe(3_000);
    expect(backoffDelay(policy, 2, MOST_CHANCE)).toBe(1_500);
  });

  it("is a number also after so many attempts that the factor has grown beyond all numbers", () => {
    const policy: BackoffPolicy = { type: "exponential", delayMs: 0, factor: 2 };
    expect([1, 1_100, 100_000].map((attempt) => backoffDelay(policy, attempt, NO_CHANCE))).toEqual([0, 0, 0]);
    expect(backoffDelay({ ...policy, delayMs: 1 }, 100_000, NO_CHANCE)).toBe(300_000);
  });

  it("keeps within its bounds for every policy and every attempt, and never falls without chance", () => {
    const policies = fc.record({
      type: fc.constant("exponential" as const),
      delayMs: fc.integer({ min: 0, max: 100_000 }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxMs: fc.integer({ min: 1, max: 1_000_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true });
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 1_000 }), chance, (policy, attempt, luck) => {
        const delay = backoffDelay(policy, attempt, () => luck);
        const full = Math.min(policy.maxMs, policy.delayMs * Math.min(1e9, policy.factor ** (attempt - 1)));
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - policy.jitter)));
        expect(delay).toBeLessThanOrEqual(policy.maxMs);
        expect(backoffDelay(policy, attempt + 1, NO_CHANCE)).toBeGreaterThanOrEqual(
          backoffDelay(policy, attempt, NO_CHANCE),
        );
      }),
    );
  });
});

describe("a policy somebody gave", () => {
  it.each([
    undefined,
    null,
    { type: "fixed", delayMs: 0 },
    { type: "exponential", delayMs: 5, factor: 1, maxMs: 1, jitter: 0 },
    DEFAULT_BACKOFF,
  ])("is accepted: %j", (policy) => expect(backoffProblem(policy, "backoff")).toBeUndefined());

  it.each([
    [{ type: "linear", delayMs: 5 }, 'of type "linear"'],
    [{}, 'must be { type: "fixed" | "exponential"'],
    ["fast", 'got "fast"'],
    [{ type: "fixed" }, "backoff.delayMs is missing"],
    [{ type: "fixed", delayMs: -1 }, "backoff.delayMs must be milliseconds from 0"],
    [{ type: "fixed", delayMs: Number.NaN }, "backoff.delayMs must be milliseconds"],
    [{ type: "fixed", delayMs: 5, factor: 2 }, '"factor" is not an option'],
    [{ type: "exponential", delayMs: 5, maxMS: 9 }, 'did you mean "maxMs"?'],
    [{ type: "exponential", delayMs: 5, maxMs: 0 }, "backoff.maxMs must be milliseconds from 1"],
    [{ type: "exponential", delayMs: 5, factor: 0.5 }, "backoff.factor must be from 1 to 100"],
    [{ type: "exponential", delayMs: 5, jitter: 1.5 }, "backoff.jitter must be from 0 to 1"],
  ])("is refused: %j", (policy, why) => expect(backoffProblem(policy, "backoff")).toContain(why));
});
