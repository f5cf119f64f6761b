import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ScenarioResult } from "../rounds.ts";
import type { RunFacts } from "./markdown.ts";
import type { TargetResult } from "./targets.ts";

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const END = "<!-- ... to here. -->";

/** Write all figures of the run to bench/results. Answers where. */
export async function keepResults(
  facts: RunFacts,
  results: readonly ScenarioResult[],
  targets: readonly TargetResult[],
): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const path = `${RESULTS}${facts.date}-${facts.commit}.json`;
  const scenarios = results.map(({ scenario, rows }) => ({
    name: scenario.name,
    title: scenario.title,
    rows: rows.map(({ row, rounds }) => ({ ...row, rounds: rounds.map(rounded) })),
  }));
  await writeFile(path, await formatted(JSON.stringify({ ...facts, scenarios, targets }), "json"));
  return path;
}

/** Put the tables of a part between its markers in docs/performance.md; those of the others stay as they are. */
export async function keepPage(part: string, markdown: string): Promise<string> {
  const begin = `<!-- Written by \`npm run bench\` on ${part} from here ... -->`;
  const page = await readFile(PAGE, "utf8");
  const from = page.indexOf(begin);
  const to = page.indexOf(END, from);
  if (from === -1 || to === -1) throw new Error(`docs/performance.md lacks its markers: ${begin} and ${END}`);
  const changed = `${page.slice(0, from)}${begin}\n\n${markdown}\n\n${page.slice(to)}`;
  await writeFile(PAGE, await formatted(changed, "markdown"));
  return PAGE;
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(6))]));
}

/** As the formatter of the workspace writes it, since the check looks at these files too. */
async function formatted(text: string, parser: string): Promise<string> {
  const { format } = await import("prettier");
  return format(text, { parser, printWidth: 120 });
}
