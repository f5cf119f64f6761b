import type { RowResult, ScenarioResult } from "../rounds.ts";
import { findRow, findScenario, ratioOf, summaryOf } from "./summary.ts";

/** A line that Millrace sets out to reach. */
export interface Target {
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
  readonly digits: number;
  readonly value: Value;
}

/** What was measured; `undefined` where it was not. */
type Value = (results: readonly ScenarioResult[]) => number | undefined;

export const TIMES = { unit: "×", digits: 2 };
export const PER_SECOND = { unit: "/s", digits: 0 };
export const MS = { unit: " ms", digits: 2 };

/** How many times as much one row does as the best of the others. */
export function times(scenario: string, ours: string, ...others: readonly string[]): Value {
  return (results) => {
    const found = findScenario(results, scenario);
    const row = findRow(found, ours);
    const ratios = others.flatMap((name) => {
      const other = findRow(found, name);
      return row === undefined || other === undefined ? [] : [ratioOf(row, other, "perSecond")];
    });
    return ratios.length === 0 ? undefined : Math.min(...ratios);
  };
}

/** The median over the rounds. */
export function figure(scenario: string, row: string, name: string): Value {
  return (results) => {
    const result = findRow(findScenario(results, scenario), row);
    return result === undefined ? undefined : summaryOf(result, name).median;
  };
}

/** By how much a figure of the first row is above that of the second. */
export function added(scenario: string, first: string, second: string, name: string): Value {
  return (results) => {
    const [more, less] = [first, second].map((row) => figure(scenario, row, name)(results));
    return more === undefined || less === undefined ? undefined : more - less;
  };
}

/** The last row that was measured, against the first. */
export function lastAgainstFirst(scenario: string, name: string): Value {
  return (results) => {
    const rows: readonly RowResult[] = findScenario(results, scenario)?.rows ?? [];
    const measured = rows.filter(({ rounds }) => rounds.length > 0);
    const [first, last] = [measured[0], measured.at(-1)];
    return first === undefined || last === undefined ? undefined : ratioOf(last, first, name);
  };
}
