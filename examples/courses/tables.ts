import { styleText } from "node:util";
import type { WireJob } from "millrace/client";
import type { Asked } from "./cancels.ts";
import type { Course } from "./kinds.ts";

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

const ROLES = {
  nobody: "without a key",
  ada: "ada, admin",
  ines: "ines, member",
  omar: "omar, member",
  vera: "vera, viewer",
  sam: "sam, elsewhere",
} as const satisfies Record<Asked["who"], string>;

export function cancelsTable(asked: readonly Asked[]): string {
  const rows = asked.map(({ who, whose, was, answer, is, cancelledBy }) => [
    ROLES[who],
    whose,
    was,
    String(answer),
    cancelledBy === null ? is : `${is} by ${cancelledBy}`,
  ]);
  return table(["WHO CANCELS", "A COURSE OF", "WHICH WAS", ">ANSWER", "AND THEN IS"], rows);
}

/** Courses, each with its steps. */
export function coursesTable(courses: readonly (readonly [course: WireJob, steps: readonly WireJob[]])[]): string {
  const rows = courses.map(([{ createdBy, payload, state, result, error }, steps]) => {
    const { lessons, words, sha256 } = (result ?? {}) as Partial<Course>;
    return [
      (payload as { readonly title: string }).title,
      createdBy ?? "",
      state,
      String(steps.length),
      String(steps.reduce((sum, { attempt }) => sum + Math.max(0, attempt - 1), 0)),
      String(lessons ?? ""),
      String(words ?? ""),
      sha256?.slice(0, 8) ?? error?.message ?? "",
    ];
  });
  return table(["COURSE", "BY", "STATE", ">STEPS", ">RETRIES", ">LESSONS", ">WORDS", "SHA-256, OR WHY NOT"], rows);
}
