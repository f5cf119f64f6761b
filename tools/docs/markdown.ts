import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A page, by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Folders with pages for readers, at any depth. */
const FOLDERS = ["docs", "examples", "deploy"];

/** Everything a reader is sent to: the pages at the root, and those of the documentation and of what can be copied. */
export function readPages(): readonly Page[] {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".md") && !path.split(sep).includes("node_modules"))
      .map((path) => join(folder, path)),
  );
  return [...atRoot, ...below].toSorted().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly path: string;
  /** Of the fence, from 1; the code begins in the next one. */
  readonly line: number;
  /** The words behind the fence: the language, and what is said about the block. */
  readonly info: readonly string[];
  readonly text: string;
}

/** The fenced blocks of a page, and its lines with theirs made empty, so that line numbers stay. */
export function splitPage({ path, text }: Page): {
  readonly blocks: readonly CodeBlock[];
  readonly prose: readonly string[];
} {
  const blocks: CodeBlock[] = [];
  let open: { readonly line: number; readonly info: readonly string[]; readonly lines: string[] } | undefined;
  const prose = text.split("\n").map((line, index) => {
    const fence = /^ {0,3}```(.*)$/.exec(line);
    if (fence === null) {
      if (open === undefined) return line;
      open.lines.push(line);
      return "";
    }
    if (open === undefined) open = { line: index + 1, info: (fence[1] ?? "").trim().split(/\s+/), lines: [] };
    else {
      blocks.push({ path, line: open.line, info: open.info, text: open.lines.join("\n") });
      open = undefined;
    }
    return "";
  });
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block of code that begins here never ends`);
  return { blocks, prose };
}

/** A table, its cells made safe. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`).replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** Something that is wrong, with its place. */
export type Finding = string;
