// A guided tour: a queue on a SQLite file, a worker that runs the scripts of examples/scripts, some hundred jobs over
// the files of this repository, and a check that nothing was lost, doubled or miscounted. Run it with `npm start`.
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { openMillrace, type AuditReport, type Job, type JobEventType, type JobId, type Millrace } from "millrace";
import { loadScripts, scriptHandlers, startProblem, type ScriptHandler } from "millrace/scripts";
import { checkAll } from "./checks.ts";
import { GROUP, planJobs, type PlannedJob } from "./plan.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { copyRepository } from "./repository-files.ts";
import { jobsTable, totalsTable } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Far more than it takes, on the slowest machine. */
const LIMIT_MS = 180_000;
/** The slow job is cancelled after so many signs of life. */
const SIGNS_OF_LIFE = 3;

// The scripts that run on Node run on this one, whatever else is installed.
const env = { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) };

/** The scripts that can run on this machine; of the others it is said why they cannot. */
async function usableScripts(): Promise<readonly ScriptHandler[]> {
  const { scripts, warnings } = await loadScripts([join(ROOT, "examples/scripts")]);
  for (const warning of warnings) console.log(`  Note: ${warning}`);
  const usable = [];
  for (const script of scripts) {
    const problem = await startProblem(script, { env });
    if (problem === undefined) usable.push(script);
    else console.log(`  Skipped: ${script.name}, since ${problem}`);
  }
  console.log(`  Scripts: ${usable.map(({ name }) => name).join(", ")}`);
  return scriptHandlers(usable, { env });
}

/** Watch until every job has ended; cancel the slow one once it is under way. */
async function watch(mill: Millrace, jobs: readonly Job[], events: ReturnType<Millrace["events"]>): Promise<void> {
  const display = new ProgressDisplay(jobs.length);
  const slow: JobId | undefined = jobs.find(({ kind }) => kind === "slow")?.id;
  let signs = 0;
  for await (const event of events) {
    display.take(event);
    if (event.job === slow && event.type === "progress" && ++signs <= SIGNS_OF_LIFE) {
      display.note("slow", (await mill.get(slow))?.progress ?? null);
      if (signs === SIGNS_OF_LIFE) await mill.cancel(slow, { by: "the tour", reason: "cancelled while it ran" });
    }
    if (event.job === slow && isFinal(event.type)) display.note("slow", null);
    if (display.endedCount === jobs.length) break;
  }
  display.end();
}

function isFinal(type: JobEventType): boolean {
  return type === "completed" || type === "failed" || type === "cancelled";
}

async function jobsInOrder(mill: Millrace): Promise<readonly Job[]> {
  const { jobs } = await mill.list({ group: GROUP }, { limit: 1_000 });
  return jobs.toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0));
}

interface Ending {
  readonly planned: readonly PlannedJob[];
  readonly jobs: readonly Job[];
  readonly audit: AuditReport;
}

/** True when everything was as it should be. */
function report({ planned, jobs, audit }: Ending, filesDir: string): boolean {
  console.log(`\n${jobsTable(jobs, filesDir)}\n\n${totalsTable(jobs)}\n`);
  const checks = checkAll(planned, jobs, audit);
  for (const { claim, against } of checks) {
    console.log(
      against.length === 0 ? `  ${styleText("green", "✔")} ${claim}` : `  ${styleText("red", "✘")} not true: ${claim}`,
    );
    for (const reason of against.slice(0, 10)) console.log(`      ${reason}`);
  }
  return checks.every(({ against }) => against.length === 0);
}

function tellWhereToLook(folder: string, store: string): void {
  const source = "node --conditions=millrace-source packages/millrace/src/cli/bin.ts";
  const cli = existsSync(join(ROOT, "packages/millrace/dist/cli/bin.js")) ? "npx millrace" : source;
  console.log(`
The database and what the scripts have written stay in ${folder}. To look around, from ${relative(process.cwd(), ROOT) || "here"}:

  export MILLRACE_STORE=${store}
  ${cli} jobs list --limit 10
  ${cli} jobs show "scripts#1"
  ${cli} scripts list --scripts examples/scripts`);
}

async function tour(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tour-"));
  const outDir = join(folder, "out");
  const filesDir = join(folder, "files");
  mkdirSync(outDir);
  const store = `sqlite:${join(folder, "millrace.db")}`;
  console.log(`Millrace, a tour: a queue on ${store}`);

  const mill = await openMillrace(store);
  try {
    const scripts = await usableScripts();
    // A script that is stopped has ten seconds to end in peace; until then its slot is not given away.
    const worker = mill.worker({ concurrency: Math.max(4, availableParallelism() * 2), abortGraceMs: 15_000 });
    for (const { kind, handler } of scripts) worker.handle(kind, handler);

    const files = copyRepository(ROOT, filesDir);
    console.log(`  Files: ${files.length} of this repository, copied to ${filesDir}`);
    const planned = planJobs(scripts, files, outDir);
    const stop = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), interrupted()]);
    const events = mill.events({ signal: stop });
    const startedAt = performance.now();
    const items = planned.map(({ script, payload, options }) => ({ definition: script.definition, payload, options }));
    const jobs = await mill.enqueueMany(items);
    console.log(`  ${jobs.length} jobs enqueued in ${Math.round(performance.now() - startedAt)} ms; running them:\n`);

    await worker.start();
    await watch(mill, jobs, events);
    await worker.stop({ force: stop.aborted });
    if (interruption.signal.aborted) console.log("\nInterrupted; the scripts are stopped.");
    const isRight = report({ planned, jobs: await jobsInOrder(mill), audit: await mill.verify() }, filesDir);
    console.log(`  ${((performance.now() - startedAt) / 1_000).toFixed(1)} s from the first job to the last`);
    tellWhereToLook(folder, store);
    return isRight;
  } finally {
    await mill.close();
  }
}

const interruption = new AbortController();

/** Fires at Ctrl-C; a second one ends the program at once. */
function interrupted(): AbortSignal {
  process.once("SIGINT", () => interruption.abort());
  process.once("SIGTERM", () => interruption.abort());
  return interruption.signal;
}

// `--once` ends after the table, and so does everything else until there is a dashboard to stay for.
parseArgs({ options: { once: { type: "boolean" } } });
process.exitCode = (await tour()) ? 0 : 1;

// Output (--once):
// Millrace, a tour: a queue on sqlite:…/millrace.db
// …
// … jobs enqueued in … ms; running them:
//
// …
//   NUMBER  SCRIPT          ON…STATE…ATTEMPT…TIME  RESULT
// …
//   … slow…cancelled…cancelled while it ran
//   … flaky…completed        3…attempt 3
//   … broken…failed           1…there is no film in this file
//
//   SCRIPT          JOBS  DONE  FAILED  CANCELLED…MEDIAN…TOTAL
//   broken             1     0       1          0…
// …
//   flaky              1     1       0          0…
// …
//   slow               1     0       0          1…
//   all…
//
//   ✔ all … jobs ended as they should
//   ✔ their numbers are 1 to …, without a gap
//   ✔ the flaky one needed three attempts, the broken one had one, and the slow one was stopped while it ran
//   ✔ every file that a result names is there, and every checksum is right
//   ✔ verify: … jobs checked, no promise broken
//   … s from the first job to the last
//
// The database and what the scripts have written stay in …
//
//   export MILLRACE_STORE=sqlite:…/millrace.db
// …
