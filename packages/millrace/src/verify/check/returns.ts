import type { Call } from "../history/calls.ts";
import type { Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";

/** Longer than it takes to be at work again, a connection that has gone silent included. */
const RETURN_MS = 12_000;
/** Fewer may have met something else. */
const LEAST_REFUSED = 3;

/**
 * G10: whoever outlives a fault of the store is at work again by itself. Not so a process that is still refused, call by
 * call, so long after the store was well, and was not answered once in between. Time in which it stood still does not count.
 */
export function checkReturns(evidence: Evidence): void {
  const { history, troubles } = evidence;
  if (troubles.faults.spans.length === 0) return;
  for (const [process, calls] of Map.groupBy(history.calls, (call) => call.process)) {
    checkProcess(evidence, process, calls);
  }
}

/** @param calls of the process, in the order in which they began */
function checkProcess({ troubles, findings }: Evidence, process: string, calls: readonly Call[]): void {
  const { spans } = troubles.faults;
  let next = 0;
  let overAt = Infinity;
  let askedWellAt = -Infinity;
  let refused: Call[] = [];
  for (const call of calls) {
    for (; (spans[next]?.from ?? Infinity) <= call.until; next++) {
      overAt = spans[next]?.until ?? Infinity;
      refused = [];
    }
    if (call.answer === null) continue;
    if (call.answer.name !== "error") {
      askedWellAt = call.from;
      continue;
    }
    const isLate = call.from - overAt - troubles.of(process).within(overAt, call.from) > RETURN_MS * 1_000;
    if (!call.answer.isOutage || !isLate || askedWellAt > overAt) continue;
    refused.push(call);
    if (refused.length !== LEAST_REFUSED) continue;
    const afterMs = Math.round((call.from - overAt) / 1_000);
    const message = `${troubles.nameOf(process)} was still refused ${afterMs} ms after the store was well again`;
    findings.violated(
      "G10",
      message,
      [],
      [{ from: overAt, until: overAt, process: null, said: "the store was well again" }, ...refused.map(told)],
    );
  }
}

function told({ operation, answer, from, until, process }: Call): Told {
  const code = answer?.name === "error" ? answer.code : "";
  return { from, until, process, said: `asked to ${operation.name} and was told ${code}` };
}
