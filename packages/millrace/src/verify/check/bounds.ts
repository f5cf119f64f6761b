import { isUnheard, type Call } from "../history/calls.ts";
import type { Operation } from "../history/entry.ts";
import type { Evidence } from "./evidence.ts";

const SINGLE_MS = 5_000;
const BULK_MS = 10_000;
/** A network that has gone silent is given up on after so long. */
const SILENT_MS = 11_000;
/** Timers are late at times, and the answer has to be written down. */
const SLACK_MS = 1_000;

/** What has a bound of its own, or none at all: `COMMIT` is the caller's. */
const BULK: ReadonlySet<Operation["name"]> = new Set(["enqueue", "promote", "rescue", "prune"]);
const UNBOUND: ReadonlySet<Operation["name"]> = new Set(["transact", "fire"]);

/**
 * G10: every call ends within its bound, with an answer or with an error of Millrace's own.
 *
 * Time in which its process stood still, got no time, or in which a fault kept the store away does not count. A call
 * that met such a fault may have a connection that has gone silent, and is given longer. Where a call is over its bound
 * only because other processes of the machine stood still, so that what it asked may have, too, that is not known.
 */
export function checkBounds(evidence: Evidence): void {
  const { history, troubles, findings } = evidence;
  findings.judged("G10", history.idleCount);
  for (const call of history.calls) {
    const { operation, answer, process, from } = call;
    if (answer?.name === "error" && answer.code === "unknown") {
      const said = `asked to ${operation.name} and was answered with an error that is none of the store's`;
      findings.violated("G10", said, [], [{ from, until: call.until, process, said }]);
    }
    if (UNBOUND.has(operation.name) || (operation.name === "claim" && operation.waits === true)) continue;
    // Without an answer, it took for as long as its process is known to have lived.
    const until = answer === null ? (history.lastHeard.get(process) ?? from) : call.until;
    const own = troubles.of(process);
    const metStore = troubles.faults.meets(from, until);
    const boundMs = Math.max(BULK.has(operation.name) ? BULK_MS : SINGLE_MS, metStore ? SILENT_MS : 0) + SLACK_MS;
    if (answer !== null) findings.judged("G10");
    const over = (until - from) / 1_000 - boundMs;
    if (over <= 0) continue;
    const excused = (own.within(from, until) + troubles.faults.within(from, until)) / 1_000;
    if (over <= excused) continue;
    const tookMs = Math.round((until - from) / 1_000);
    const about = `${operation.name} of ${troubles.nameOf(process)}`;
    if (over <= excused + troubles.anybody.within(from, until) / 1_000) {
      findings.unknown("G10", about, `it took ${tookMs} ms while processes of the machine stood still`);
      continue;
    }
    tell(evidence, call, until, boundMs);
  }
}

function tell({ findings }: Evidence, call: Call, until: number, boundMs: number): void {
  const { operation, from, process } = call;
  const tookMs = Math.round((until - from) / 1_000);
  const isOpen = isUnheard(call) && call.answer === null;
  const said = isOpen
    ? `asked to ${operation.name} and was still without an answer after ${tookMs} ms`
    : `asked to ${operation.name} and was answered after ${tookMs} ms`;
  findings.violated(
    "G10",
    `${operation.name} ${isOpen ? "had no answer" : "took"} for ${tookMs} ms, and its bound is ${boundMs} ms`,
    [],
    [{ from, until: isOpen ? Infinity : until, process, said }],
  );
}
