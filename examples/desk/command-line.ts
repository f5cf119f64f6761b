import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `millrace` command. Here it is the one of this repository; in a project of yours, `npx millrace`. */
export class CommandLine {
  /** Where its locks and tokens lie. */
  readonly stateFolder: string;
  readonly #store: string;
  readonly #folder: string;

  constructor(store: string, folder: string) {
    this.#store = store;
    this.#folder = folder;
    this.stateFolder = `${folder}/state`;
  }

  /** Run a command to its end. */
  async run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** @throws Error when it ends with another exit code than 0 */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run(...args, "--json");
    if (exitCode !== 0) throw new Error(`millrace ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Let a command run beside this program. */
  start(...args: readonly string[]): RunningCommand {
    const env = { ...process.env, MILLRACE_STORE: this.#store, MILLRACE_STATE: this.stateFolder };
    return new RunningCommand(
      spawn(process.execPath, [...process.execArgv, BIN, ...args], {
        env,
        cwd: this.#folder,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }
}

const ENTRY = import.meta.resolve("millrace");
const BIN = fileURLToPath(new URL(ENTRY.endsWith(".ts") ? "./cli/bin.ts" : "./cli/bin.js", ENTRY));

export class RunningCommand {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = once(child, "close").then(([exitCode]: unknown[]) => {
      return { exitCode: exitCode as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when it has said so on standard error. @throws Error when it ends without */
  async said(text: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const look = (): void => void (this.#stderr.includes(text) && resolve());
      this.#child.stderr?.on("data", look);
      look();
    });
    await Promise.race([heard, this.ended]);
    if (!this.#stderr.includes(text)) throw new Error(`millrace ended without saying "${text}": ${this.#stderr}`);
  }

  async stop(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }
}
