import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { storySvg } from "../../../src/verify/report/story-svg.ts";
import type { Result } from "./results.ts";

const MOST_LETTERS = 70;

/** Draw what was seen. Answers where it is; `undefined` where nothing was. */
export function drawStory({ bug, guarantee, place, finding }: Result, folder: string): string | undefined {
  if (finding === null) return undefined;
  const words = bug
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  const name = `${guarantee}-${place}-${words}`.toLowerCase().slice(0, MOST_LETTERS).replace(/-$/, "");
  const file = join(folder, `${name}.svg`);
  writeFileSync(file, `${storySvg(finding.violation)}\n`);
  return file;
}
