import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { StoreName } from "./cost.ts";

/** What is expected of a figure, and by how many percent another number may differ from it. */
export interface Expected {
  readonly store: StoreName;
  readonly act: string;
  readonly figure: string;
  readonly value: number;
  readonly tolerance: number;
}

/** The expected costs, and the words around them. */
const FILE = fileURLToPath(new URL("expected-costs.md", import.meta.url));
const ROW = /^\| (.+?) +\| +([\d.]+) \| +([\d.]+) \|$/;

export async function readTable(): Promise<readonly Expected[]> {
  return parseTable(await readFile(FILE, "utf8"));
}

export async function writeTable(rows: readonly Expected[]): Promise<string> {
  const page = await readFile(FILE, "utf8");
  const start = page.search(/^## /m);
  const head = start === -1 ? page : page.slice(0, start);
  const { format } = await import("prettier");
  await writeFile(FILE, await format(`${head}${formatTable(rows)}`, { parser: "markdown", printWidth: 120 }));
  return FILE;
}

/** Reads `## store`, `### act`, and the rows below. @throws Error for a row of another shape */
export function parseTable(text: string): readonly Expected[] {
  const rows: Expected[] = [];
  let store = "";
  let act = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) store = line.slice(3);
    else if (line.startsWith("### ")) act = line.slice(4);
    else if (line.startsWith("|") && act !== "" && !/^\| (a job|---)/.test(line)) {
      const [, figure = "", value, tolerance] = ROW.exec(line) ?? [];
      if (value === undefined) throw new Error(`expected-costs.md: not "| figure | number | percent |": ${line}`);
      rows.push({ store: store as StoreName, act, figure, value: Number(value), tolerance: Number(tolerance) });
    }
  }
  return rows;
}

function formatTable(rows: readonly Expected[]): string {
  return [...Map.groupBy(rows, ({ store }) => store)]
    .map(([store, ofStore]) => {
      const acts = [...Map.groupBy(ofStore, ({ act }) => act)].map(([act, ofAct]) => {
        const lines = ofAct.map(({ figure, value, tolerance }) => `| ${figure} | ${value} | ${tolerance} |`);
        return [`### ${act}\n`, "| a job costs | | ± % |", "| --- | ---: | ---: |", ...lines].join("\n");
      });
      return [`## ${store}`, ...acts].join("\n\n");
    })
    .join("\n\n");
}
