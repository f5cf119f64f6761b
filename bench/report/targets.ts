import type { ScenarioResult } from "../rounds.ts";
import { HTTP_TARGETS } from "./http-targets.ts";
import { POSTGRES_TARGETS } from "./postgres-targets.ts";
import { SQLITE_TARGETS } from "./sqlite-targets.ts";
import { written } from "./summary.ts";
import type { Target } from "./target.ts";

export interface TargetResult {
  /** Of the page: a store, or HTTP. */
  readonly part: string;
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly isMet: "yes" | "no" | "not measured";
}

/** Every target, reached or not. */
export function judgeTargets(results: readonly ScenarioResult[]): readonly TargetResult[] {
  return [
    ...SQLITE_TARGETS.map((target) => judge("SQLite", target, results)),
    ...POSTGRES_TARGETS.map((target) => judge("PostgreSQL", target, results)),
    ...HTTP_TARGETS.map((target) => judge("HTTP", target, results)),
  ];
}

function judge(part: string, wanted: Target, results: readonly ScenarioResult[]): TargetResult {
  const { what, atLeast, atMost, unit, digits, value: valueOf } = wanted;
  const target = atLeast === undefined ? `≤ ${atMost}${unit}` : `≥ ${atLeast}${unit}`;
  const value = valueOf(results);
  if (value === undefined) return { part, what, target, measured: "–", isMet: "not measured" };
  const isMet = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
  return { part, what, target, measured: `${written(value, digits)}${unit}`, isMet: isMet ? "yes" : "no" };
}
