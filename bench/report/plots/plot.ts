import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ScenarioResult } from "../../rounds.ts";
import { barPlot } from "./bar-plot.ts";
import { quantilePlot } from "./quantile-plot.ts";

const FOLDER = fileURLToPath(new URL("../../../docs/pictures/performance/", import.meta.url));

/** The picture of a scenario, as SVG: lines where it is about quantiles, bars otherwise; `null` without two rows. */
export function plotOf(result: ScenarioResult): string | null {
  const rows = result.rows.filter(({ rounds }) => rounds.length > 0);
  if (rows.length < 2) return null;
  return result.scenario.columns[0].figure === "p50Ms" ? quantilePlot(result, rows) : barPlot(result, rows);
}

/** Where the page finds the picture of a scenario. */
export function plotPath(scenario: string): string {
  return `pictures/performance/${scenario}.svg`;
}

/** Write the pictures beside the page. Answers where. */
export async function keepPlots(results: readonly ScenarioResult[]): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  for (const result of results) {
    const plot = plotOf(result);
    if (plot !== null) await writeFile(`${FOLDER}${result.scenario.name}.svg`, plot);
  }
  return FOLDER;
}
