import { describe, expect, it } from "vitest";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { Answer, Entry } from "../../src/verify/history/entry.ts";

const SECOND = 1_000_000;
const REFUSED: Answer = { name: "error", code: "store_unavailable", isOutage: true };
const TAKEN: Answer = { name: "number", first: 1 };

/** One process asks for a number every second, until the 20th; the store is away from the second to the fourth. */
function historyOf(answerAt: (second: number) => Answer): readonly Entry[] {
  const calls = Array.from({ length: 20 }, (_, call): readonly Entry[] => {
    const told = { process: "producer", call };
    return [
      { type: "call", ...told, at: call * SECOND, operation: { name: "number", scope: "s", count: 1 } },
      { type: "answer", ...told, at: call * SECOND + 1_000, answer: answerAt(call) },
    ];
  });
  const fault = {
    type: "fault",
    fault: "db-restart",
    target: "the server",
    at: 2 * SECOND,
    until: 4 * SECOND,
  } as const;
  return [fault, ...calls.flat()];
}

const broken = (entries: readonly Entry[]): readonly string[] =>
  checkHistory(entries, []).violations.flatMap(({ guarantee, message }) => (guarantee === "G10" ? [message] : []));

describe("a process that outlives a fault of the store", () => {
  it("breaks G10 when it is refused for good, however quickly", () => {
    expect(broken(historyOf((second) => (second < 2 ? { ...TAKEN, first: second + 1 } : REFUSED)))).toEqual([
      "producer was still refused 15000 ms after the store was well again",
    ]);
  });

  it("does not when it was answered once in between", () => {
    expect(broken(historyOf((second) => (second === 6 ? TAKEN : REFUSED)))).toEqual([]);
  });

  it("does not when it is refused without any fault", () => {
    expect(broken(historyOf(() => REFUSED).filter(({ type }) => type !== "fault"))).toEqual([]);
  });
});
