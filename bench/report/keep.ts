import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ScenarioResult } from "../rounds.ts";
import type { RunFacts } from "./markdown.ts";
import type { TargetResult } from "./targets.ts";

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const BEGIN = "<!-- Written by `npm run bench` from here ... -->";
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

/** Put the tables between the markers of docs/performance.md. */
export async function keepPage(markdown: string): Promise<string> {
  const page = await readFile(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/performance.md lacks its markers: ${BEGIN} and ${END}`);
  await writeFile(PAGE, await formatted(`${before}${BEGIN}\n\n${markdown}\n\n${END}${after}`, "markdown"));
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
