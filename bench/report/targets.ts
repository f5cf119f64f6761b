import type { RowResult, ScenarioResult } from "../rounds.ts";
import { queuedRow } from "../scenarios/size.ts";
import { numberingRow } from "../scenarios/latency.ts";
import { BARE, BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "../scenarios/peers.ts";
import { findRow, findScenario, ratioOf, summaryOf, written } from "./summary.ts";

export interface TargetResult {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly isMet: "yes" | "no" | "not measured";
}

interface Target {
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
  readonly digits: number;
  readonly value: (results: readonly ScenarioResult[]) => number | undefined;
}

type Value = Target["value"];
const ACROSS = `${MILLRACE.name}, worker in another process`;

const times = (scenario: string, peer: string, figure = "perSecond"): Value =>
  pair(scenario, MILLRACE.name, peer, (ours, theirs) => ratioOf(ours, theirs, figure));
const quantile =
  (row: string, figure: string): Value =>
  (results) => {
    const result = findRow(findScenario(results, "latency"), row);
    return result === undefined ? undefined : summaryOf(result, figure).median;
  };
const added = (processes: number, figure: string): Value =>
  pair(
    "numbering",
    numberingRow(processes, true),
    numberingRow(processes, false),
    (numbered, plain) => summaryOf(numbered, figure).median - summaryOf(plain, figure).median,
  );
const longest =
  (scenario: string, figure: string): Value =>
  (results) => {
    const rows = findScenario(results, scenario)?.rows.filter(({ rounds }) => rounds.length > 0) ?? [];
    const [shortest] = rows;
    const last = rows.at(-1);
    return shortest === undefined || last === undefined ? undefined : ratioOf(last, shortest, figure);
  };

function pair(scenario: string, a: string, b: string, value: (a: RowResult, b: RowResult) => number): Value {
  return (results) => {
    const found = findScenario(results, scenario);
    const [first, second] = [findRow(found, a), findRow(found, b)];
    return first === undefined || second === undefined ? undefined : value(first, second);
  };
}

const TIMES = { unit: "×", digits: 2 };
const MS = { unit: " ms", digits: 2 };

/** What Millrace sets out to reach on SQLite. */
const TARGETS: readonly Target[] = [
  { what: "process no-ops, against plainjob", atLeast: 8, ...TIMES, value: times("process", PLAINJOB.name) },
  { what: "the same, plainjob as durable", atLeast: 8, ...TIMES, value: times("process", PLAINJOB_FULL.name) },
  { what: "process no-ops, against BullMQ, everysec", atLeast: 5, ...TIMES, value: times("process", BULLMQ.name) },
  { what: "the same, BullMQ as durable", atLeast: 5, ...TIMES, value: times("process", BULLMQ_ALWAYS.name) },
  { what: "process no-ops, against the bare SQL loop", atLeast: 0.6, ...TIMES, value: times("process", BARE.name) },
  { what: "enqueue to handler, in process, p50", atMost: 1, ...MS, value: quantile(MILLRACE.name, "p50Ms") },
  { what: "enqueue to handler, in process, p99", atMost: 10, ...MS, value: quantile(MILLRACE.name, "p99Ms") },
  { what: "enqueue to handler, across processes, p99", atMost: 10, ...MS, value: quantile(ACROSS, "p99Ms") },
  { what: "a number adds, one process, p50", atMost: 1, ...MS, value: added(1, "p50Ms") },
  { what: "a number adds, one process, p99", atMost: 10, ...MS, value: added(1, "p99Ms") },
  { what: "a number adds, 4 processes, p50", atMost: 1, ...MS, value: added(4, "p50Ms") },
  { what: "a number adds, 4 processes, p99", atMost: 10, ...MS, value: added(4, "p99Ms") },
  {
    what: "a claim beside the longest queue, p50, against the shortest",
    atMost: 1.2,
    ...TIMES,
    value: longest("claim", "p50Ms"),
  },
  {
    what: `memory beside the longest queue, against ${queuedRow(1_000)}`,
    atMost: 1,
    ...TIMES,
    value: longest("memory", "rssMb"),
  },
];

export function judgeTargets(results: readonly ScenarioResult[]): readonly TargetResult[] {
  return TARGETS.map(({ what, atLeast, atMost, unit, digits, value: valueOf }): TargetResult => {
    const target = atLeast === undefined ? `≤ ${atMost}${unit}` : `≥ ${atLeast}${unit}`;
    const value = valueOf(results);
    if (value === undefined) return { what, target, measured: "–", isMet: "not measured" };
    const isMet = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
    return { what, target, measured: `${written(value, digits)}${unit}`, isMet: isMet ? "yes" : "no" };
  });
}
