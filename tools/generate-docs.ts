// Makes the pages of docs/reference and the marked regions of other pages from the source. With `--check` nothing is
// written: what is out of date is an error, and so is a page that says what is not so.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { checkCodeBlocks } from "./docs/check-code-blocks.ts";
import { checkConsoles } from "./docs/check-consoles.ts";
import { cliPage } from "./docs/cli-page.ts";
import { checkCommandLines } from "./docs/command-lines.ts";
import { errorsPage } from "./docs/errors-page.ts";
import { exampleRegion } from "./docs/example-region.ts";
import { httpPage } from "./docs/http-page.ts";
import { layersRegion } from "./docs/layers-region.ts";
import { checkLinks } from "./docs/links.ts";
import { readPages, ROOT, type Page } from "./docs/markdown.ts";
import { metricsPage } from "./docs/metrics-page.ts";
import { checkNamedTests } from "./docs/named-tests.ts";
import { optionsPage } from "./docs/options-page.ts";
import { postgresSchemaPage } from "./docs/postgres-schema-page.ts";
import { fillRegions } from "./docs/regions.ts";
import { schemaPage } from "./docs/schema-page.ts";
import { statesPage } from "./docs/states-page.ts";

const HEADER = "<!-- Made by tools/generate-docs.ts from the source. Change that, and run it again. -->";

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/reference/states.md": statesPage,
  "docs/reference/errors.md": errorsPage,
  "docs/reference/options.md": optionsPage,
  "docs/reference/cli.md": cliPage,
  "docs/reference/http.md": httpPage,
  "docs/reference/metrics.md": metricsPage,
  "docs/reference/schema.md": schemaPage,
  "docs/reference/schema-on-postgresql.md": postgresSchemaPage,
};

const REGIONS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "README.md": {
    example: () => exampleRegion("examples/embedded/embedded.ts"),
    typed: () => exampleRegion("examples/embedded/typed.ts"),
  },
  "docs/architecture.md": { layers: layersRegion },
};

async function generated(): Promise<readonly Page[]> {
  const config = await resolveConfig(join(ROOT, "README.md"));
  const tidy = async (text: string): Promise<string> => format(text, { ...config, parser: "markdown" });
  const pages: Page[] = [];
  for (const [path, make] of Object.entries(PAGES)) {
    pages.push({ path, text: await tidy(`${HEADER}\n\n${await make()}`) });
  }
  for (const [path, regions] of Object.entries(REGIONS)) {
    const text = readFileSync(join(ROOT, path), "utf8");
    pages.push({ path, text: await tidy(fillRegions({ path, text }, regions)) });
  }
  return pages;
}

const stale = (await generated()).filter(
  ({ path, text }) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), "utf8") !== text,
);

if (process.argv.includes("--check")) {
  const pages = readPages();
  const guarantees = pages.find(({ path }) => path === "docs/guarantees.md");
  const [blocks, consoles] = await Promise.all([checkCodeBlocks(pages), checkConsoles(pages)]);
  const findings = [
    ...stale.map(({ path }) => `${path} is out of date; run \`npx node tools/generate-docs.ts\``),
    ...checkLinks(pages),
    ...(await checkCommandLines(pages)),
    ...(guarantees === undefined ? ["docs/guarantees.md is missing"] : checkNamedTests(guarantees)),
    ...blocks.findings,
    ...consoles,
  ];
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) process.exit(1);
  console.log(`${pages.length} pages, ${blocks.count} blocks of code.`);
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    console.log(`Wrote ${path}.`);
  }
}
