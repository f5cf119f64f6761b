// Measures Millrace and its peers side by side; see --help, and docs/performance.md for what came out.
import { rmSync } from "node:fs";
import { commitOf, describeMachine } from "./machine.ts";
import { parseOptions, USAGE, type RunOptions } from "./options.ts";
import { endRedis, redisVersion } from "./redis-server.ts";
import { keepPage, keepResults } from "./report/keep.ts";
import { toMarkdown, type RunFacts } from "./report/markdown.ts";
import { judgeTargets } from "./report/targets.ts";
import { measureScenario, type ScenarioResult, type Workshop } from "./rounds.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { endChildren } from "./spawn-child.ts";
import type { ContestantName } from "./task.ts";

const workshop = (folder: string): Workshop => ({
  folder,
  folders: new Set(),
  failures: [],
  tell: (line) => console.error(line),
});

/** Whether a contestant can be measured here; says so if not. */
function isPresent(name: ContestantName, versions: Readonly<Record<string, string>>): boolean {
  if (name === "millrace" || name === "bare") return true;
  if (versions[name] === undefined) console.error(`Left out: ${name} is not installed; run \`node bench/setup.mjs\`.`);
  else if (name === "bullmq" && redisVersion() === null)
    console.error("Left out: BullMQ; there is no redis-server on the PATH.");
  else return true;
  return false;
}

function chosen(options: RunOptions, present: ReadonlySet<ContestantName>): readonly Scenario[] {
  return scenarios(options)
    .filter(({ name }) => options.scenarios.length === 0 || options.scenarios.some((start) => name.startsWith(start)))
    .map((scenario) => ({ ...scenario, rows: scenario.rows.filter((row) => present.has(row.contestant)) }))
    .filter(({ rows }) => rows.length > 0);
}

async function run(options: RunOptions, args: readonly string[]): Promise<void> {
  const shop = workshop(options.folder);
  const cleanUp = (): void => {
    endChildren();
    endRedis();
    for (const folder of shop.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(1));
  }
  // However it ends: a signal, an error, or nobody left who reads what it says.
  process.on("exit", cleanUp);
  const machine = describeMachine(options.folder);
  const present = new Set([...options.contestants].filter((name) => isPresent(name, machine.versions)));
  const facts: RunFacts = {
    command: ["npm run bench", ...(args.length === 0 ? [] : ["--", ...args])].join(" "),
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(),
    rounds: options.rounds,
    machine,
  };
  const results: ScenarioResult[] = [];
  for (const scenario of chosen(options, present)) {
    results.push(await measureScenario(scenario, options.rounds, shop));
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
  console.error(`Written: ${await keepResults(facts, results, targets)}, ${await keepPage(markdown)}`);
}

const args = process.argv.slice(2);
const options = parseOptions(args);
if (options === "help") console.log(USAGE);
else await run(options, args);
