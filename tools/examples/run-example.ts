import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Example } from "./list-examples.ts";
import { differenceOf } from "./output-block.ts";

const TIMEOUT_MS = 60_000;

/** Run one example in an empty folder of its own, where it may leave what it likes; null when all is as it says. */
export async function judgeExample(
  { file, block }: Example,
  settings: Readonly<Record<string, string>>,
): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-example-"));
  try {
    const { status, stdout, stderr } = await run(
      ["--conditions=millrace-source", file, ...block.args],
      folder,
      settings,
    );
    if (typeof status === "string")
      return `was ended by ${status}; an example has ${TIMEOUT_MS / 1000} s\n${stdout}${stderr}`;
    if (status !== 0) return `ended with exit code ${status}\n${stdout}${stderr}`;
    return differenceOf(block.lines, stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], cwd: string, settings: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { ...quietEnvironment(), ...settings };
  const child = spawn(process.execPath, args, { cwd, env, timeout: TIMEOUT_MS, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}

/** What an example prints must not hang on the settings of whoever runs it. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:MILLRACE_|FORCE_COLOR$)/.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", TZ: "UTC", LANG: "C.UTF-8" };
}
