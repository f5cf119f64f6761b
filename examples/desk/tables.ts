import { styleText } from "node:util";
import type { Job } from "millrace";
import type { ScriptInfo } from "./scripts.ts";

type Row = readonly string[];

/** Rows under their titles. */
function table(titles: Row, rows: readonly Row[]): string {
  const widths = titles.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: Row): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [styleText("bold", line(titles)), ...rows.map(line)].map((text) => `  ${text}`).join("\n");
}

export function scriptsTable(scripts: readonly ScriptInfo[]): string {
  const rows = scripts.map(({ name, tags, description }) => [name, tags.join(", "), description]);
  return table(["SCRIPT", "TAGS", "WHAT IT DOES"], rows);
}

/** @param jobs all of them, so that a retry finds the name of the job that it retries */
export function jobsTable(jobs: readonly Job[]): string {
  const names = new Map(jobs.map((job) => [job.id, `${job.scope}#${job.number}`]));
  const rows = jobs.map(({ id, kind, state, retryOf, result, error }) => {
    const retried = retryOf === null ? "" : (names.get(retryOf) ?? retryOf);
    return [names.get(id) ?? id, kind, state, retried, error?.name ?? JSON.stringify(result)];
  });
  return table(["JOB", "KIND", "STATE", "RETRY OF", "WHAT CAME OF IT"], rows);
}
