import type { JobId } from "../../core/job.ts";
import type { Call } from "../history/calls.ts";
import type { FinalJob, HistoryViolation } from "./verdict.ts";

interface Numbered {
  readonly id: JobId;
  readonly number: number;
  readonly from: number;
  readonly until: number;
  readonly process: string;
}

/** G4: what was told is what is there, no number twice, and who came after was given a higher one. */
export function numberViolations(
  calls: readonly Call[],
  jobs: ReadonlyMap<JobId, FinalJob>,
): readonly HistoryViolation[] {
  const byScope = Map.groupBy(numberedBy(calls), ({ scope }) => scope);
  return [
    ...[...byScope].flatMap(([scope, told]) => orderViolations(scope, told)),
    ...[...byScope].flatMap(([scope, told]) => toldOtherwise(scope, told, jobs)),
    ...gapViolations(jobs),
  ];
}

function numberedBy(calls: readonly Call[]): readonly (Numbered & { readonly scope: string })[] {
  return calls.flatMap(({ operation, answer, from, until, process }) => {
    if (operation.name !== "enqueue" || answer?.name !== "enqueue") return [];
    return operation.jobs.flatMap(({ id, scope }, i) => {
      const result = answer.results[i];
      // Of one that was there before it is not known when it was numbered.
      if (result === null || result?.job !== id || result.number === null) return [];
      return [{ id, scope, number: result.number, from, until, process }];
    });
  });
}

/** Two calls of which one had ended when the other began, and whose numbers say otherwise. */
function orderViolations(scope: string, told: readonly Numbered[]): readonly HistoryViolation[] {
  // From the highest number down, the earliest end of all that were given a higher one.
  let earliest: Numbered | undefined;
  for (const each of told.toSorted((a, b) => b.number - a.number)) {
    if (earliest !== undefined && earliest.until < each.from) {
      return [violation(`${scope} gave #${earliest.number} before #${each.number}`, scope, [earliest, each])];
    }
    if (earliest === undefined || each.until < earliest.until) earliest = each;
  }
  return [];
}

function toldOtherwise(
  scope: string,
  told: readonly Numbered[],
  jobs: ReadonlyMap<JobId, FinalJob>,
): readonly HistoryViolation[] {
  return told.flatMap((each) => {
    const job = jobs.get(each.id);
    if (job === undefined || (job.number === each.number && job.scope === scope)) return [];
    const message = `${each.id} was told ${scope}#${each.number} and is ${job.scope}#${job.number}`;
    return [violation(message, scope, [each])];
  });
}

function gapViolations(jobs: ReadonlyMap<JobId, FinalJob>): readonly HistoryViolation[] {
  return [...Map.groupBy(jobs.values(), ({ scope }) => scope)].flatMap(([scope, members]) => {
    const numbers = members.flatMap(({ number }) => (number === null ? [] : [number])).toSorted((a, b) => a - b);
    const wrong = numbers.findIndex((number, i) => number !== i + 1);
    return wrong < 0 ? [] : [violation(`${scope} has #${numbers[wrong]} where #${wrong + 1} should be`, scope, [])];
  });
}

function violation(message: string, scope: string, told: readonly Numbered[]): HistoryViolation {
  const start = Math.min(...told.map(({ from }) => from));
  return {
    guarantee: "G4",
    message,
    rows: [scope],
    story: told.map(({ id, number, from, until, process }) => ({
      from: from - start,
      until: until - start,
      process,
      said: `enqueued ${id} and was told #${number}`,
    })),
  };
}
