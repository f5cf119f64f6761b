import { styleText } from "node:util";
import { CREATES_PER_S, type Comparison } from "./latency.ts";
import type { RepositoryReport } from "./story.ts";

type Row = readonly string[];

/** Rows under their titles; a `>` before a title sets its column to the right. */
function table(titles: Row, rows: readonly Row[]): string {
  const names = titles.map((title) => title.replace(/^>/, ""));
  const widths = names.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: Row): string =>
    row
      .map((cell, at) => (titles[at]?.startsWith(">") ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [styleText("bold", line(names)), ...rows.map(line)].map((text) => `  ${text}`).join("\n");
}

export function repositoriesTable(reports: readonly RepositoryReport[]): string {
  const rows = reports.map(({ repository, had, creates, rolledBack, numbers }) => {
    const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
    return [repository, had, creates, rolledBack, numbers.length, `${first} to ${last}`, last + 1].map(String);
  });
  return table(["REPOSITORY", ">HAD", ">CREATES", ">ROLLED BACK", ">ROWS", "NUMBERS", ">NEXT"], rows);
}

export function latencyTable(comparisons: readonly Comparison[]): string {
  const ms = (value: number): string => value.toFixed(2);
  const compared = (without: number, counted: number): Row => [ms(without), ms(counted), ms(counted - without)];
  const rows = comparisons.map(({ callers, without, counted }) => [
    String(callers),
    String(CREATES_PER_S),
    ...compared(without.median, counted.median),
    ...compared(without.p95, counted.p95),
  ]);
  const added = [">WITH", ">ADDED"];
  return table([">CALLERS", ">CREATES PER S", ">MEDIAN WITHOUT", ...added, ">P95 WITHOUT", ...added], rows);
}
