import { parseArgs } from "node:util";
import { BROKEN_RUNTIMES } from "./broken-runtimes.ts";
import { playRun, type RunResult } from "./play-run.ts";
import { ReusedStore } from "./reused-store.ts";

const HELP = `npm run simulate -- [--seed N] [--runs N] [--seconds N] [--bug WORDS]

Plays runs of the whole library on a virtual clock, each in an order that follows from its seed.

  --seed N      the first seed; alone, that one run is played and told step by step   [by chance]
  --runs N      so many runs                                                         [as the time allows]
  --seconds N   for so long                                                          [10]
  --bug WORDS   with a bug in the runtime, for example: --bug "new id"

Exit code: 0 nothing found, 70 a promise broken, 2 wrong usage.`;

const PROGRESS_EVERY_MS = 5_000;
/** Who has seen so many has seen enough. */
const MOST_FINDINGS = 10;
/** Errors are made by the thousand here, and nobody reads where. */
const STACK_LIMIT = 0;

interface Plan {
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
  readonly isTold: boolean;
  readonly bug: string | undefined;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      runs: { type: "string" },
      seconds: { type: "string" },
      bug: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    say(HELP);
    process.exit(0);
  }
  const { seed, runs, seconds, bug } = values;
  const isTold = seed !== undefined && runs === undefined && seconds === undefined;
  return {
    seed: count("--seed", seed) ?? Date.now() % 1_000_000_000,
    runs: isTold ? 1 : (count("--runs", runs) ?? Infinity),
    seconds: count("--seconds", seconds) ?? (runs === undefined ? 10 : Infinity),
    isTold,
    bug,
  };
}

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${option} must be a whole number from 0; got "${text}"`);
}

async function simulate({ seed, runs, seconds, isTold, bug }: Plan): Promise<number> {
  const broken = bug === undefined ? undefined : BROKEN_RUNTIMES.find((each) => each.bug.includes(bug));
  if (bug !== undefined && broken === undefined)
    throw new TypeError(`--bug "${bug}" fits none of: ${BROKEN_RUNTIMES.map((each) => each.bug).join("; ")}`);
  if (!isTold) Error.stackTraceLimit = STACK_LIMIT;
  const reused = await ReusedStore.open();
  const total = { runs: 0, calm: 0, unknown: 0, points: 0, jobs: 0, findings: 0, virtualMs: 0 };
  const start = performance.now();
  const cpu = process.cpuUsage();
  let told = start;
  const rate = (): string => {
    const passed = (performance.now() - start) / 1_000;
    const perSecond = (value: number): string => Math.round(value / passed).toLocaleString("en");
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = ((user + system) / 1_000 / total.runs).toFixed(2);
    return `${perSecond(total.runs)} runs/s, ${perSecond(total.points)} scheduling points/s, ${cpuMs} ms of CPU a run`;
  };
  while (total.runs < runs && performance.now() - start < seconds * 1_000 && total.findings < MOST_FINDINGS) {
    const sabotage = broken === undefined ? {} : { sabotage: broken.sabotage };
    const result = await playRun({ seed: seed + total.runs, reused, isTraced: isTold, ...sabotage });
    total.runs += 1;
    total.calm += result.isCalm ? 1 : 0;
    total.unknown += result.unknown;
    total.points += result.points;
    total.jobs += result.jobs.length;
    total.virtualMs += result.virtualMs;
    if (isTold) for (const line of result.trace.lines) say(line);
    if (result.broken.length > 0) {
      total.findings += 1;
      tell(result, bug);
    }
    if (performance.now() - told > PROGRESS_EVERY_MS) {
      told = performance.now();
      say(`${total.runs.toLocaleString("en")} runs, next seed ${seed + total.runs}: ${rate()}`);
    }
    if (isTold) say(`trace ${result.trace.fingerprint}`);
  }
  reused.close();
  const { calm, points, jobs, findings, unknown, virtualMs } = total;
  const each = (value: number): string => (value / total.runs).toFixed(1);
  say(
    `${total.runs.toLocaleString("en")} runs from seed ${seed}, ${calm} of them without faults: ${findings} with findings, ${unknown} questions left open\n` +
      `${rate()}; a run has ${each(points)} points, ${each(jobs)} jobs and ${each(virtualMs)} virtual ms`,
  );
  return findings > 0 ? 70 : 0;
}

function tell({ seed, broken, points }: RunResult, bug: string | undefined): void {
  for (const { guarantee, message } of broken) say(`${guarantee}: ${message}`);
  const again = bug === undefined ? "" : ` --bug "${bug}"`;
  say(`    after ${points} points; again with: npm run simulate -- --seed ${seed}${again}`);
}

try {
  process.exitCode = await simulate(readPlan());
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}\n`);
  process.exitCode = 2;
}
