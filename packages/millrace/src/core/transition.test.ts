import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobError } from "./job-error.ts";
import { cancel, complete, fail, snooze, type Outcome } from "./outcome.ts";
import { countsAttempt, type Move } from "./settlement.ts";
import { afterCancel, afterFailure, afterLeaseExpiry, afterOutcome, afterRelease, saysTheSame } from "./transition.ts";

const FIRST = { attempt: 1, maxAttempts: 3 };
const LAST = { attempt: 3, maxAttempts: 3 };
const DONE = { to: "done", result: null, error: null, reason: null } as const;

function anError(change: Partial<JobError> = {}): JobError {
  return { name: "Error", message: "the disk is on fire", permanent: false, attempt: 1, ...change };
}

const failureOf = (message: string, attempt: number): Move => ({
  ...DONE,
  state: "failed",
  error: { name: "Failed", message, permanent: true, attempt },
});

const OUTCOMES: readonly (readonly [string, Outcome, Move])[] = [
  [
    "a result completes the job",
    complete({ path: "a.mp4" }),
    { ...DONE, state: "completed", result: '{"path":"a.mp4"}' },
  ],
  ["no result completes it with null", complete(), { ...DONE, state: "completed", result: "null" }],
  ["snooze puts it off", snooze(1_500), { to: "scheduled", ending: "snoozed", delayMs: 1_500, error: null }],
  ["a snooze is whole milliseconds", snooze(1.6), { to: "scheduled", ending: "snoozed", delayMs: 2, error: null }],
  ["fail ends it with attempts left", fail("refused"), failureOf("refused", 1)],
  ["cancel ends it with its reason", cancel("not needed"), { ...DONE, state: "cancelled", reason: "not needed" }],
  ["cancel needs no reason", cancel(), { ...DONE, state: "cancelled" }],
];

describe("what follows an outcome", () => {
  it.each(OUTCOMES)("%s", (_, outcome, move) => expect(afterOutcome(FIRST, outcome)).toEqual(move));

  it("a snooze on the last attempt still puts the job off", () =>
    expect(afterOutcome(LAST, snooze(5))).toMatchObject({ to: "scheduled", ending: "snoozed" }));

  it("a result without JSON is refused, so that it cannot complete a job", () =>
    expect(() => afterOutcome(FIRST, complete(12n as never))).toThrow(/the result has no JSON form: .*bigint/));
});

describe("what follows a failed attempt", () => {
  it("is another attempt after its backoff", () =>
    expect(afterFailure(FIRST, anError(), () => 250.4)).toEqual({
      to: "scheduled",
      ending: "failed",
      delayMs: 250,
      error: anError(),
    }));

  it("is the end of the job on its last attempt", () =>
    expect(afterFailure(LAST, anError(), () => 250)).toEqual({ ...DONE, state: "failed", error: anError() }));

  it("is the end of the job when the error is permanent", () => {
    const error = anError({ permanent: true });
    expect(afterFailure(FIRST, error, () => 250)).toEqual({ ...DONE, state: "failed", error });
  });

  it("does not ask for a delay that nobody waits", () => {
    const asked: number[] = [];
    afterFailure(LAST, anError(), () => asked.push(1));
    expect(asked).toEqual([]);
  });

  it("is never a delay below zero", () =>
    expect(afterFailure(FIRST, anError(), () => -10)).toMatchObject({ delayMs: 0 }));
});

describe("what follows when nobody reports", () => {
  it("is the old place again after a lease that ran out, and the worker is named", () => {
    const move = afterLeaseExpiry(FIRST, "worker_7");
    expect(move).toMatchObject({ to: "ready", ending: "lost", error: { name: "LeaseLostError", permanent: false } });
    expect(move.error?.message).toContain("worker_7");
  });

  it("is a failed job after the last attempt's lease ran out", () =>
    expect(afterLeaseExpiry(LAST, "worker_7")).toMatchObject({ to: "done", state: "failed", error: { attempt: 3 } }));

  it("is a failed job after the lease of a person ran out, whatever attempts are left", () => {
    const error = { name: "AttemptTimeoutError", permanent: true };
    expect(afterLeaseExpiry(FIRST, "hand_ada_1")).toMatchObject({ to: "done", state: "failed", error });
  });

  it("is the old place again after a release, whatever the attempt", () =>
    expect(afterRelease()).toEqual({ to: "ready", ending: "released", error: null }));

  it("is a cancelled job after an accepted cancel", () =>
    expect(afterCancel("by hand")).toEqual({ ...DONE, state: "cancelled", reason: "by hand" }));
});

describe("a report that comes again", () => {
  const COMPLETED = afterOutcome(FIRST, complete(1));
  const PUT_OFF = afterOutcome(FIRST, snooze(1));

  it.each([
    ["the same final state", COMPLETED, { state: "completed" }, true],
    ["another final state", COMPLETED, { state: "failed" }, false],
    ["a final state, where an ending was written", COMPLETED, { ending: "failed" }, false],
    ["the same ending", PUT_OFF, { ending: "snoozed" }, true],
    ["another ending", PUT_OFF, { ending: "failed" }, false],
    ["an ending, where a final state was written", PUT_OFF, { state: "completed" }, false],
  ] as const)("says %s", (_, move, written, expected) => expect(saysTheSame(move, written)).toBe(expected));
});

/** Everything that can happen to a running attempt. */
const anEnding = fc.constantFrom("throw", "throw for good", "lease lost", "snooze", "release", "complete", "fail");

function moveFor(ending: string, attempt: number, maxAttempts: number): Move {
  const ended = { attempt, maxAttempts };
  switch (ending) {
    case "throw":
      return afterFailure(ended, anError({ attempt }), () => 10);
    case "throw for good":
      return afterFailure(ended, anError({ attempt, permanent: true }), () => 10);
    case "lease lost":
      return afterLeaseExpiry(ended, "w");
    case "snooze":
      return afterOutcome(ended, snooze(10));
    case "release":
      return afterRelease();
    case "fail":
      return afterOutcome(ended, fail("no"));
    default:
      return afterOutcome(ended, complete());
  }
}

describe("a whole life", () => {
  it("never has more counted attempts than maxAttempts, and ends once they are used up", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(anEnding, { maxLength: 60 }), (maxAttempts, endings) => {
        let counted = 0;
        for (const ending of endings) {
          const attempt = counted + 1;
          expect(attempt).toBeLessThanOrEqual(maxAttempts);
          const move = moveFor(ending, attempt, maxAttempts);
          if (move.to === "done") return;
          if (countsAttempt(move)) counted += 1;
        }
      }),
    );
  });

  it("ends as failed with an error, or otherwise without one; only a completed job has a result", () => {
    fc.assert(
      fc.property(anEnding, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), (ending, attempt, more) => {
        const move = moveFor(ending, attempt, attempt + more);
        if (move.to !== "done") return;
        expect(move.error !== null).toBe(move.state === "failed");
        expect(move.result !== null).toBe(move.state === "completed");
      }),
    );
  });
});
