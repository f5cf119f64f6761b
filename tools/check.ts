import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { STEPS, type Step } from "./check-steps.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIDEST_NAME = Math.max(...STEPS.map(({ name }) => name.length));

interface Run {
  readonly status: number;
  readonly output: string;
}

/** Run one step in the shell of npm scripts, whose PATH begins with the tools of this repository. */
async function run(command: string): Promise<Run> {
  return new Promise((resolve) => {
    // Colours would hide the lines that are picked out. Node warns on stderr where both are set, so one goes.
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
    const child = spawn(command, { cwd: ROOT, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => resolve({ status: 1, output: error.message }));
    child.on("close", (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

async function perform(step: Step): Promise<boolean> {
  const name = step.name.padEnd(WIDEST_NAME);
  if (step.needs !== undefined && !existsSync(`${ROOT}${step.needs}`)) {
    console.log(`--    ${name}          there is no ${step.needs} yet`);
    return true;
  }
  const startedAt = performance.now();
  const { status, output } = await run(step.command);
  const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(8);
  const said = step.said?.exec(output)?.[1] ?? "";
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name}${seconds}  ${status === 0 ? said : step.command}`.trimEnd());
  if (status !== 0) {
    const shown = step.wrong?.exec(output)?.[0] ?? output;
    console.log(`\n${shown.trim().replaceAll(/^/gm, "      ")}\n`);
  }
  return status === 0;
}

/** Run steps side by side, as many as there are cores; one that waits for another starts when that one has ended well. */
async function performAll(steps: readonly Step[]): Promise<readonly string[]> {
  const waiting = [...steps];
  const passed = new Set<string>();
  const failed: string[] = [];
  const isReady = ({ after, regardless }: Step): boolean =>
    after === undefined || passed.has(after) || (regardless === true && failed.includes(after));

  async function lane(): Promise<void> {
    for (;;) {
      const index = waiting.findIndex(isReady);
      const [step] = index === -1 ? [] : waiting.splice(index, 1);
      if (step === undefined) return;
      if (await perform(step)) passed.add(step.name);
      else failed.push(step.name);
    }
  }

  // A lane that finds nothing ready ends; the one that runs the awaited step takes up what follows it.
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return [...failed, ...waiting.map(({ name }) => `${name} (not run)`)];
}

const isWhole = process.argv.includes("--whole");
const together = STEPS.filter(({ alone }) => alone !== true);
// Killed and restarted processes are judged by deadlines, so nothing else may run beside them.
const alone = STEPS.filter(({ alone: isAlone }) => isAlone === true && isWhole);

const failures = [...(await performAll(together))];
for (const step of alone) if (!(await perform(step))) failures.push(step.name);

if (failures.length > 0) {
  console.log(`\nNot green: ${failures.join(", ")}.`);
  process.exit(1);
}
console.log("\nAll green.");
