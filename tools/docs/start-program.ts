import { spawn } from "node:child_process";

const LIMIT_MS = 30_000;

export interface Ended {
  /** The exit code, or why there is none. */
  readonly status: number | string;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** Run a program to its end, with nothing on its input, and without colours. */
export async function startProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  return new Promise((resolve) => {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:MILLRACE_|FORCE_COLOR$)/.test(name));
    const env = { ...Object.fromEntries(inherited), NO_COLOR: "1", TZ: "UTC", ...options.env };
    const shell = process.platform === "win32";
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env,
      shell,
      timeout: LIMIT_MS,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => resolve({ status: error.message, output: "" }));
    child.on("close", (code, signal) =>
      resolve({ status: code ?? signal ?? "unknown", output: Buffer.concat(chunks).toString() }),
    );
  });
}
