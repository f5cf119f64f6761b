import type { RowResult, ScenarioResult } from "../rounds.ts";
import type { Machine } from "../machine.ts";
import { plotOf, plotPath } from "./plots/plot.ts";
import { findRow, ratioOf, summaryOf, written } from "./summary.ts";
import type { TargetResult } from "./targets.ts";

export interface RunFacts {
  readonly command: string;
  readonly date: string;
  readonly commit: string;
  readonly rounds: number;
  readonly machine: Machine;
  /** Which PostgreSQL, or why there was none; `null` where none was asked for. */
  readonly postgres: string | null;
}

/** @param hasPlots whether the page that it is for finds the pictures of the scenarios */
export function toMarkdown(
  facts: RunFacts,
  results: readonly ScenarioResult[],
  targets: readonly TargetResult[],
  hasPlots = false,
): string {
  const parts = [
    factsText(facts),
    ...results.flatMap((result) => [scenarioText(result), hasPlots ? plotText(result) : ""]),
    targetsText(targets),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function factsText({ command, date, commit, rounds, machine, postgres }: RunFacts): string {
  const { cpu, cores, memoryGb, system, node, versions, flushMs, isInMemory, load } = machine;
  const disk = isInMemory
    ? "the files lay in memory, so nothing was durable"
    : `flushing a page takes ${written(flushMs, 2)} ms`;
  return [
    `Measured on ${date}, commit ${commit}, with \`${command}\`, ${rounds} ${rounds === 1 ? "round" : "rounds"}.`,
    `${cores} cores (${cpu}), ${memoryGb} GiB, ${system}; ${disk}; load at the start ${written(load, 1)}.`,
    `Node ${node}, ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.`,
    ...(postgres === null ? [] : [postgres]),
  ].join("\n");
}

function scenarioText(result: ScenarioResult): string {
  const { scenario } = result;
  const [first, ...others] = scenario.columns;
  const durabilities = new Set(result.rows.map(({ row }) => row.durability));
  const base = findRow(result, scenario.baseline);
  const titles = [
    "",
    first.title,
    "range",
    ...(base === undefined ? [] : ["ratio"]),
    ...others.map(({ title }) => title),
    ...(durabilities.size > 1 ? ["survives"] : []),
  ];
  const rows = result.rows.map((each) => {
    if (each.rounds.length === 0) return [each.row.name, "not measured", ...titles.slice(2).map(() => "")];
    const { median, min, max } = summaryOf(each, first.figure);
    return [
      each.row.name,
      written(median, first.digits),
      `${written(min, first.digits)}–${written(max, first.digits)}`,
      ...(base === undefined ? [] : [ratioText(each, base, first.figure)]),
      ...others.map(({ figure, digits }) => written(summaryOf(each, figure).median, digits)),
      ...(durabilities.size > 1 ? [each.row.durability] : []),
    ];
  });
  const parts = [`### ${scenario.title}`, table(titles, rows), ...(scenario.note === undefined ? [] : [scenario.note])];
  return parts.join("\n\n");
}

function plotText(result: ScenarioResult): string {
  const { name, title } = result.scenario;
  return plotOf(result) === null ? "" : `![${title.replaceAll("`", "")}](${plotPath(name)})`;
}

function ratioText(row: RowResult, base: RowResult, figure: string): string {
  return row === base ? "1" : written(ratioOf(row, base, figure), 2);
}

/** A table for each part of which something was measured. */
function targetsText(targets: readonly TargetResult[]): string {
  const parts = new Set(targets.filter(({ isMet }) => isMet !== "not measured").map(({ part }) => part));
  const tables = [...parts].map((name) => {
    const ofPart = targets.filter(({ part }) => part === name);
    const rows = ofPart.map(({ what, target, measured, isMet }) => [what, target, measured, isMet]);
    return [`### Targets on ${name}`, table(["what", "target", "measured", "met"], rows)].join("\n\n");
  });
  return tables.join("\n\n");
}

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
