// Measures Millrace and its peers side by side; see --help, and docs/performance.md for what came out.
import { rmSync } from "node:fs";
import { commitOf, describeMachine } from "./machine.ts";
import { parseOptions, USAGE, type RunOptions } from "./options.ts";
import { openBenchPostgres, type BenchPostgres } from "./postgres-server.ts";
import { endRedis, redisVersion } from "./redis-server.ts";
import { keepPage, keepResults } from "./report/keep.ts";
import { toMarkdown, type RunFacts } from "./report/markdown.ts";
import { keepPlots } from "./report/plots/plot.ts";
import { judgeTargets } from "./report/targets.ts";
import { measureScenario, type ScenarioResult, type Workshop } from "./rounds.ts";
import type { Row, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { endChildren } from "./spawn-child.ts";
import type { ContestantName } from "./task.ts";

/** Whether a contestant can be measured here; says so if not. */
function isPresent(name: ContestantName, versions: Readonly<Record<string, string>>): boolean {
  if (name === "millrace" || name.startsWith("bare") || versions[name] !== undefined) return true;
  console.error(`Left out: ${name} is not installed; run \`node bench/setup.mjs\`.`);
  return false;
}

function chosen(options: RunOptions, isMeasurable: (row: Row) => boolean): readonly Scenario[] {
  return scenarios(options)
    .filter(({ name }) => options.scenarios.length === 0 || options.scenarios.some((start) => name.startsWith(start)))
    .map((scenario) => ({ ...scenario, rows: scenario.rows.filter(isMeasurable) }))
    .filter(({ rows }) => rows.length > 0);
}

/** The server for the rows that need one; the reason, where it cannot be had. */
async function openPostgresFor(
  all: readonly Scenario[],
  { folder, tellsStatements }: RunOptions,
): Promise<BenchPostgres | string | null> {
  if (!all.some(({ rows }) => rows.some((row) => row.isOnPostgres))) return null;
  try {
    return await openBenchPostgres(folder, tellsStatements);
  } catch (error) {
    const reason = `Nothing was measured on PostgreSQL, since it could not be had: ${(error as Error).message}`;
    console.error(reason);
    return reason;
  }
}

async function run(options: RunOptions, args: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  const cleanUp = (): void => {
    endChildren();
    endRedis();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(1));
  }
  // However it ends: a signal, an error, or nobody left who reads what it says.
  process.on("exit", cleanUp);
  const machine = describeMachine(options.folder);
  const present = new Set([...options.contestants].filter((name) => isPresent(name, machine.versions)));
  const hasRedis = redisVersion() !== null;
  if (!hasRedis) console.error("Left out: BullMQ on Redis; there is no redis-server on the PATH.");
  const wanted = chosen(options, (row) => present.has(row.contestant) && (hasRedis || row.redis === undefined));
  const server = await openPostgresFor(wanted, options);
  const postgres = typeof server === "string" ? null : server;
  const facts: RunFacts = {
    command: ["npm run bench", ...(args.length === 0 ? [] : ["--", ...args])].join(" "),
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(),
    rounds: options.rounds,
    machine,
    postgres: typeof server === "string" ? server : (server?.description ?? null),
  };
  const shop: Workshop = {
    folder: options.folder,
    folders,
    postgres,
    failures: [],
    tell: (line) => console.error(line),
    tellsStatements: options.tellsStatements,
  };
  const results: ScenarioResult[] = [];
  try {
    for (const scenario of wanted) {
      const rows = scenario.rows.filter((row) => postgres !== null || row.isOnPostgres !== true);
      if (rows.length > 0) results.push(await measureScenario({ ...scenario, rows }, options.rounds, shop));
    }
  } finally {
    await postgres?.stop();
  }
  const targets = judgeTargets(results);
  const markdown = toMarkdown(facts, results, targets);
  console.log(markdown);
  if (shop.failures.length > 0) {
    process.exitCode = 1;
    console.error(`Failed, and kept nothing:\n  ${shop.failures.join("\n  ")}`);
    return;
  }
  if (!options.isKept) return;
  console.error(`Written: ${await keepPlots(results)}`);
  console.error(`Written: ${await keepResults(facts, results, targets)}`);
  for (const [part, own] of Map.groupBy(results, partOf)) {
    const ofPart = targets.filter((target) => target.part === part);
    console.error(`Written: ${await keepPage(part, toMarkdown(facts, own, ofPart, true))}`);
  }
}

/** Where on the page a scenario stands. None is on two stores. */
function partOf({ scenario, rows }: ScenarioResult): "SQLite" | "PostgreSQL" | "HTTP" {
  if (scenario.name.includes("http-")) return "HTTP";
  return rows.some(({ row }) => row.isOnPostgres === true) ? "PostgreSQL" : "SQLite";
}

const args = process.argv.slice(2);
const options = parseOptions(args);
if (options === "help") console.log(USAGE);
else await run(options, args);
