import { styleText } from "node:util";
import type { Outcome } from "./outcome.ts";

/** The builds, one a line. */
export function buildsTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ job, before, logLines, isSigned }) => [
    String(job.number),
    (job.payload as { readonly version: string }).version,
    job.state,
    before.length === 0 ? "-" : before.join(", "),
    String(job.attempt),
    String(logLines),
    isSigned === undefined ? "-" : isSigned ? "signed" : "NOT signed",
  ]);
  const titles = ["BUILD", "VERSION", "STATE", "BEFORE", "ATTEMPT", "LOG LINES", "PACKAGE"];
  const widths = titles.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd();
  return [styleText("bold", line(titles)), ...rows.map(line)].join("\n");
}
