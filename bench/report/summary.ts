import type { RowResult, ScenarioResult } from "../rounds.ts";
import { median } from "../statistics.ts";

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A figure of a row over its rounds. */
export function summaryOf(result: RowResult, figure: string): Summary {
  const values = result.rounds.map((round) => round[figure] ?? Number.NaN);
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The median of one row's figure divided by that of another. */
export function ratioOf(row: RowResult, base: RowResult, figure: string): number {
  return summaryOf(row, figure).median / summaryOf(base, figure).median;
}

export function findScenario(results: readonly ScenarioResult[], name: string): ScenarioResult | undefined {
  return results.find(({ scenario }) => scenario.name === name);
}

/** A row by its name, if it was measured. */
export function findRow(result: ScenarioResult | undefined, name: string | undefined): RowResult | undefined {
  return result?.rows.find((each) => each.row.name === name && each.rounds.length > 0);
}

export function written(value: number, digits: number): string {
  const [whole = "", fraction] = value.toFixed(digits).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
