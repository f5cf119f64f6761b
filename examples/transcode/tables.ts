import { basename } from "node:path";
import { styleText } from "node:util";
import type { Job } from "millrace";

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

/** @param names of workers, by their ids */
export function jobsTable(jobs: readonly Job[], names: ReadonlyMap<string, string>): string {
  const rows = jobs.map((job) => [
    `#${job.number}`,
    job.queue,
    job.requires.join(" "),
    job.priority === 0 ? "" : String(job.priority),
    job.state,
    String(job.attempt),
    names.get(job.worker ?? "") ?? "",
    seconds(job),
    told(job),
  ]);
  const titles = [">JOB", "LINE", "NEEDS", ">PRIORITY", "STATE", ">ATTEMPT", "WORKER", ">SECONDS", "TOLD"];
  return table(titles, rows);
}

/** From the first start to the end. */
function seconds({ startedAt, finishedAt }: Job): string {
  if (startedAt === null || finishedAt === null) return "";
  return ((finishedAt.getTime() - startedAt.getTime()) / 1_000).toFixed(1);
}

function told({ state, result, cancelReason, error }: Job): string {
  if (state === "cancelled") return cancelReason ?? "";
  if (state !== "completed") return error?.message ?? "";
  const { output, bytes } = result as { readonly output: string; readonly bytes: number };
  return `${basename(output)}, ${Math.round(bytes / 1_000)} kB`;
}
