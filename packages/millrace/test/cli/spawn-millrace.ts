import { spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
/** Options of Node under which the command line runs from its source. */
export const NODE_OPTIONS: readonly string[] = ["--conditions=millrace-source"];

export interface Run {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node that come first. */
  readonly nodeOptions?: readonly string[];
  /** Runs as this user of the system. */
  readonly uid?: number;
  /** Killed after so long. @default long enough for any command that ends by itself */
  readonly limitMs?: number;
}

/** Long enough for the slowest of them on a busy machine; what takes longer hangs. */
const TIMEOUT_MS = 45_000;

/** A process of the command line that goes on while a test looks at it. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
  /** Resolves when the text has been printed, on either stream; fails when the process ends without. */
  printed(text: string): Promise<void>;
}

/** Start `millrace` from its source, as a user would type it. */
export function startMillrace(args: readonly string[], options: RunOptions): Running {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...(options.nodeOptions ?? []), BIN, ...args], {
    cwd: options.cwd,
    env: { ...quietEnvironment(), ...options.env },
    stdio: "pipe",
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const look of watchers) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const look of watchers) look();
  });
  // A program that ends without reading its input is none of the test's business.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const timer = setTimeout(() => child.kill("SIGKILL"), options.limitMs ?? TIMEOUT_MS);
  const ended = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      clearTimeout(timer);
      resolve({ exitCode, signal, stdout, stderr, ms: performance.now() - startedMs });
    });
  });
  const printed = async (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stdout.includes(text) && !stderr.includes(text)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without printing "${text}":\n${stdout}${stderr}`)));
    });
  return { child, ended, printed };
}

/** Run `millrace` to its end. */
export async function millrace(args: readonly string[], options: RunOptions): Promise<Run> {
  return startMillrace(args, options).ended;
}

/** What it prints must not hang on the settings of whoever runs the tests. */
export function quietEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:MILLRACE_|NODE_OPTIONS$|VITEST|FORCE_COLOR$|NO_COLOR$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    TZ: "UTC",
    TERM: "xterm",
    // Parsing the same TypeScript in two hundred processes is most of the time they take.
    NODE_COMPILE_CACHE: join(tmpdir(), "millrace-test-compile-cache"),
  };
}
