import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT, splitPage, type Finding, type Page } from "./markdown.ts";

const HEADING = /^## (G\d+)\b/;
/** A line of a list: `- [file](path): "words of the test"`. One line can name several. */
const NAMED = /\]\(([^)#]+)\): ((?:"[^"]+"(?:, )?)+)/g;

/** The lists of a section, by the line that begins each, and what stands in them. */
const LISTS = { "Tests:": "test", "Mutants:": "mutant" } as const;

/**
 * No promise without a test, and no test that was not seen to fail: each section of a guarantee names at least one of
 * them, and one bug that is found; and what is named in quotation marks behind a link to a file must be found in that file.
 */
export function checkNamedTests(
  page: Page,
  read = (path: string) => readFileSync(join(ROOT, path), "utf8"),
): readonly Finding[] {
  const findings: Finding[] = [];
  const namedBySection = new Map<string, Set<string>>();
  let section: string | undefined;
  let list: string | undefined;
  for (const [index, line] of splitPage(page).prose.entries()) {
    if (line.startsWith("## ")) [section, list] = [HEADING.exec(line)?.[1], undefined];
    if (Object.hasOwn(LISTS, line)) list = LISTS[line as keyof typeof LISTS];
    if (section !== undefined && !namedBySection.has(section)) namedBySection.set(section, new Set());
    for (const [, target = "", names = ""] of line.matchAll(NAMED)) {
      const path = posix.join(posix.dirname(page.path), target);
      const text = textOf(read, path);
      for (const [, name = ""] of names.matchAll(/"([^"]+)"/g)) {
        if (text === undefined) findings.push(`${page.path}:${index + 1}: ${path} cannot be read`);
        else if (!text.includes(name)) findings.push(`${page.path}:${index + 1}: there is no "${name}" in ${path}`);
        else if (section !== undefined && list !== undefined) namedBySection.get(section)?.add(list);
      }
    }
  }
  if (namedBySection.size === 0) findings.push(`${page.path}: no guarantees were found, so nothing was checked`);
  for (const [guarantee, named] of namedBySection) {
    const missing = Object.values(LISTS).filter((what) => !named.has(what));
    findings.push(...missing.map((what) => `${page.path}: ${guarantee} names no ${what}`));
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
