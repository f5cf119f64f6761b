import type { Call } from "../history/calls.ts";
import type { FinalJob, HistoryViolation } from "./verdict.ts";

/** G5: created, started, finished, in this order. */
export function timeViolations(jobs: Iterable<FinalJob>): readonly HistoryViolation[] {
  return [...jobs].flatMap(({ id, createdAt, startedAt, finishedAt }) => {
    const times = [createdAt, startedAt, finishedAt].flatMap((at) => (at === null ? [] : [at.getTime()]));
    if (times.every((at, i) => i === 0 || at >= (times[i - 1] ?? 0))) return [];
    return [{ guarantee: "G5", message: `${id} ran backwards: ${times.join(", ")}`, rows: [id], story: [] }];
  });
}

/** G10: whatever goes wrong is told by an error of Millrace's own. */
export function errorViolations(calls: readonly Call[]): readonly HistoryViolation[] {
  return calls.flatMap(({ operation, answer, process, from, until }) => {
    if (answer?.name !== "error" || answer.code !== "unknown") return [];
    const said = `asked to ${operation.name} and was answered with an error that is none of the store's`;
    return [{ guarantee: "G10", message: said, rows: [], story: [{ from: 0, until: until - from, process, said }] }];
  });
}
