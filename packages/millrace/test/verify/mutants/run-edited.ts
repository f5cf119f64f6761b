import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { NODE_OPTIONS, quietEnvironment } from "../../cli/spawn-millrace.ts";
import type { SourceEdit } from "./edited-sources.ts";

const PRELOAD = new URL("edited-sources.ts", import.meta.url).href;

/** What a program is given to run on sources as edits would have them. */
export function editedProcess(edits: readonly SourceEdit[]): {
  readonly nodeOptions: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  if (edits.length === 0) return { nodeOptions: [], env: {} };
  return { nodeOptions: ["--import", PRELOAD], env: { MILLRACE_TEST_EDITS: JSON.stringify(edits) } };
}

/** Run a program of this folder to its end, and answer what it printed. @throws Error when it fails */
export async function runEdited(
  program: string,
  args: readonly string[],
  edits: readonly SourceEdit[],
): Promise<string> {
  const { nodeOptions, env } = editedProcess(edits);
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...nodeOptions, file, ...args], {
    env: { ...quietEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${stderr}`);
  return stdout;
}
