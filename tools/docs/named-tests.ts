import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT, splitPage, type Finding, type Page } from "./markdown.ts";

const HEADING = /^## (G\d+)\b/;
/** A line of a list: `- [file](path): "words of the test"`. One line can name several. */
const NAMED = /\]\(([^)#]+)\): ((?:"[^"]+"(?:, )?)+)/g;

/**
 * No promise without a test: each section of a guarantee names at least one, and what is named in quotation marks
 * behind a link to a file must be found in that file.
 */
export function checkNamedTests(
  page: Page,
  read = (path: string) => readFileSync(join(ROOT, path), "utf8"),
): readonly Finding[] {
  const findings: Finding[] = [];
  const namedBySection = new Map<string, number>();
  let section: string | undefined;
  for (const [index, line] of splitPage(page).prose.entries()) {
    if (line.startsWith("## ")) section = HEADING.exec(line)?.[1];
    if (section !== undefined && !namedBySection.has(section)) namedBySection.set(section, 0);
    for (const [, target = "", names = ""] of line.matchAll(NAMED)) {
      const path = posix.join(posix.dirname(page.path), target);
      const text = textOf(read, path);
      for (const [, name = ""] of names.matchAll(/"([^"]+)"/g)) {
        if (text === undefined) findings.push(`${page.path}:${index + 1}: ${path} cannot be read`);
        else if (!text.includes(name)) findings.push(`${page.path}:${index + 1}: there is no "${name}" in ${path}`);
        else if (section !== undefined) namedBySection.set(section, (namedBySection.get(section) ?? 0) + 1);
      }
    }
  }
  if (namedBySection.size === 0) findings.push(`${page.path}: no guarantees were found, so nothing was checked`);
  for (const [guarantee, count] of namedBySection) {
    if (count === 0) findings.push(`${page.path}: ${guarantee} names no test`);
  }
  return findings;
}

function textOf(read: (path: string) => string, path: string): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
