import { styleText } from "node:util";
import type { AuditReport } from "millrace";
import { addedMs, MAX_ADDED_MS, type Comparison } from "./latency.ts";
import type { RepositoryReport } from "./story.ts";

export interface Facts {
  readonly old: RepositoryReport;
  readonly young: RepositoryReport;
  /** The pull requests that were checked. */
  readonly checked: readonly string[];
  readonly latencies: readonly Comparison[];
  readonly audit: AuditReport;
}

/** Says what is so and what is not. @returns whether all is as it should be */
export function checkAll({ old, young, checked, latencies, audit }: Facts): boolean {
  const { creates, rolledBack, pulls, given, numbers } = young;
  const rows = numbers.length;
  const claims: readonly (readonly [claim: string, isSo: boolean, otherwise: string])[] = [
    [
      `${old.repository} had issues up to ${old.had}, and went on with ${old.had + 1}`,
      old.given[0] === old.had + 1 && isGapless(old.numbers),
      `it went on with ${old.given.join(", ")}`,
    ],
    [
      `${creates} creates at once, ${rolledBack} of them rolled back: ${rows} rows, 1 to ${rows}, no gap`,
      isGapless(numbers) && rows === creates - rolledBack && isGapless(given.toSorted((a, b) => a - b)),
      `the numbers are ${numbers.join(" ")}`,
    ],
    [
      `each of the ${pulls} pull requests was checked once; those that were rolled back never`,
      checked.length === pulls && new Set(checked).size === pulls,
      `checked were ${checked.join(" ")}`,
    ],
    [
      `a number adds less than ${MAX_ADDED_MS} ms to a create, for one caller and for ten (p95)`,
      latencies.every((comparison) => addedMs(comparison) < MAX_ADDED_MS),
      "see the table",
    ],
    [`verify: ${audit.jobs} jobs checked, no promise broken`, audit.violations.length === 0, JSON.stringify(audit)],
  ];
  console.log();
  for (const [claim, isSo, otherwise] of claims) {
    console.log(
      isSo ? `  ${styleText("green", "✔")} ${claim}` : `  ${styleText("red", "✘")} NOT: ${claim}; ${otherwise}`,
    );
  }
  return claims.every(([, isSo]) => isSo);
}

function isGapless(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => number === at + 1);
}
