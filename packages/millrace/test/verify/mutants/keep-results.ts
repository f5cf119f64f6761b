import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { drawStory } from "./draw-story.ts";
import { markdownTable } from "./result-table.ts";
import type { Result, SoundResult } from "./results.ts";

const DOCS = fileURLToPath(new URL("../../../../../docs", import.meta.url));
const PAGE = join(DOCS, "verification.md");
const REGION = /(<!-- begin mutants -->\n)[^]*?(<!-- end mutants -->)/;
/** Bugs whose pictures tell the most. */
const PICTURED: readonly (readonly [guarantee: string, place: string, text: string])[] = [
  ["G1", "SQLite", "updates it, unguarded, in the next"],
  ["G2", "PostgreSQL", "ignores the token"],
  ["G7", "SQLite", "overwrites a cancel"],
];

/**
 * Write the table into its region of the page about verification, and a few pictures beside it. Answers what was written.
 * @throws Error where the page has no such region
 */
export async function keepResults(
  results: readonly Result[],
  sound: readonly SoundResult[],
): Promise<readonly string[]> {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  if (!REGION.test(page)) throw new Error(`${PAGE} has no <!-- begin mutants --> … <!-- end mutants -->`);
  const folder = join(DOCS, "pictures");
  mkdirSync(folder, { recursive: true });
  const pictures = new Map<Result, string>();
  for (const [guarantee, place, text] of PICTURED) {
    const result = results.find(
      (each) => each.guarantee === guarantee && each.place === place && each.bug.includes(text),
    );
    const file = result === undefined ? undefined : drawStory(result, folder);
    if (result !== undefined && file !== undefined) pictures.set(result, file);
  }
  const table = markdownTable(results, sound, (result) => {
    const file = pictures.get(result);
    return file === undefined ? undefined : relative(DOCS, file);
  });
  const filled = page.replace(REGION, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
  writeFileSync(PAGE, await format(filled, { ...(await resolveConfig(PAGE)), parser: "markdown" }));
  return [PAGE, ...pictures.values()];
}
