import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outputBlockOf, differenceOf } from "./examples/output-block.ts";

const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));
const TIMEOUT_MS = 60_000;

/** Run one example in an empty folder of its own, where it may leave what it likes; null when all is as it says. */
function judge(file: string): string | null {
  const block = outputBlockOf(readFileSync(file, "utf8"));
  if (block === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "millrace-example-"));
  try {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=millrace-source", file, ...block.args],
      { cwd: folder, env: quietEnvironment(), encoding: "utf8", timeout: TIMEOUT_MS },
    );
    if (signal !== null) return `was ended by ${signal}; an example has ${TIMEOUT_MS / 1000} s\n${stdout}${stderr}`;
    if (status !== 0) return `ended with exit code ${status}\n${stdout}${stderr}`;
    return differenceOf(block.lines, stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an example prints must not hang on the settings of whoever runs it. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:MILLRACE_|FORCE_COLOR$)/.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", TZ: "UTC", LANG: "C.UTF-8" };
}

const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && entry.name !== "node_modules",
);
let runCount = 0;
const failures: string[] = [];
for (const { name: folder } of folders) {
  const files = readdirSync(join(EXAMPLES, folder)).filter((file) => file.endsWith(".ts"));
  const runnable = files.filter((file) => outputBlockOf(readFileSync(join(EXAMPLES, folder, file), "utf8")) !== null);
  if (runnable.length === 0) failures.push(`${folder}: none of its files ends in an "// Output:" block`);
  for (const file of runnable) {
    runCount += 1;
    const failure = judge(join(EXAMPLES, folder, file));
    if (failure !== null) failures.push(`${folder}/${file}: ${failure}`);
  }
}
if (runCount === 0) failures.push("no example was run, so nothing was checked");

for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`${runCount} ${runCount === 1 ? "example prints" : "examples print"} what is said.`);
