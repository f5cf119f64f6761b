import { basename, relative } from "node:path";
import { styleText } from "node:util";
import type { Job } from "millrace";

type Row = readonly string[];

const MAX_CELL = 52;

/** Rows under their titles, in columns as wide as they need to be; columns of numbers are told by a `>` before the title. */
function table(titles: Row, rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (cell.length > MAX_CELL ? `${cell.slice(0, MAX_CELL - 1)}…` : cell)),
  );
  const names = titles.map((title) => title.replace(/^>/, ""));
  const widths = names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: Row): string =>
    row
      .map((cell, at) =>
        titles[at]?.startsWith(">") === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [styleText("bold", line(names)), ...cells.map((row) => colored(line(row)))]
    .map((text) => `  ${text}`)
    .join("\n");
}

function colored(line: string): string {
  return line
    .replace(/\bcompleted\b/, (word) => styleText("green", word))
    .replace(/\bfailed\b/, (word) => styleText("red", word))
    .replace(/\bcancelled\b/, (word) => styleText("yellow", word));
}

/** Some jobs of each kind: the first, and the one that took longest. */
export function jobsTable(jobs: readonly Job[], root: string): string {
  const chosen = [...Map.groupBy(jobs, ({ kind }) => kind).values()].flatMap((ofKind) => {
    const longest = ofKind.toSorted((a, b) => durationMs(b) - durationMs(a))[0];
    return ofKind.filter((job, at) => at === 0 || job === longest);
  });
  const rows = chosen
    .toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0))
    .map((job) => [
      `#${job.number}`,
      job.kind,
      subject(job, root),
      job.state,
      String(job.attempt),
      seconds(durationMs(job)),
      told(job),
    ]);
  return table([">NUMBER", "SCRIPT", "ON", "STATE", ">ATTEMPT", ">TIME", "RESULT"], rows);
}

/** What became of the jobs of each kind. */
export function totalsTable(jobs: readonly Job[]): string {
  const kinds = [...Map.groupBy(jobs, ({ kind }) => kind)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const row = (name: string, some: readonly Job[]): Row => [
    name,
    String(some.length),
    ...(["completed", "failed", "cancelled"] as const).map((state) =>
      String(some.filter((job) => job.state === state).length),
    ),
    seconds(median(some.map(durationMs))),
    seconds(some.reduce((sum, job) => sum + durationMs(job), 0)),
  ];
  const titles = ["SCRIPT", ">JOBS", ">DONE", ">FAILED", ">CANCELLED", ">MEDIAN", ">TOTAL"];
  return table(titles, [...kinds.map(([kind, some]) => row(kind, some)), row("all", jobs)]);
}

export function durationMs({ startedAt, finishedAt }: Job): number {
  return startedAt === null || finishedAt === null ? 0 : finishedAt.getTime() - startedAt.getTime();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

function subject({ payload }: Job, root: string): string {
  const { file } = payload as { readonly file?: string };
  if (file === undefined) return "";
  const name = relative(root, file);
  return name.length <= 36 ? name : `…/${basename(name).slice(-34)}`;
}

/** The result in a few words, or why there is none. */
function told(job: Job): string {
  if (job.state === "cancelled") return job.cancelReason ?? "";
  if (job.error !== null) return job.error.message.split("\n").at(-1) ?? "";
  const { output: _, ...rest } = (job.result ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(rest)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === "object" && value !== null ? Object.keys(value).join(", ") : String(value)}`,
    )
    .join(" · ");
}
