import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { ServerUser } from "./server-user.ts";

const KEPT_LINE_COUNT = 500;
const READY = /database system is ready to accept (read-only )?connections/;

/** Nothing of our environment reaches the server. */
const ENVIRONMENT: NodeJS.ProcessEnv = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/** The first process of a server, started again as often as one likes. */
export class Postmaster {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #user: ServerUser | undefined;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(program: string, args: readonly string[], user: ServerUser | undefined) {
    this.#program = program;
    this.#args = args;
    this.#user = user;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get log(): string {
    return this.#lines.join("\n");
  }

  /**
   * Resolves when it says that it is ready.
   * @param more arguments of this start alone
   * @throws Error with what it said, when it ends instead
   */
  async start(more: readonly string[] = []): Promise<void> {
    if (this.#child !== undefined) throw new Error("the server runs already");
    const child = spawn(this.#program, [...this.#args, ...more], {
      cwd: "/",
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
      // Ctrl-C is sent to every process of our session, and the server may still be needed then.
      detached: true,
      ...this.#user,
    });
    this.#child = child;
    const said: string[] = [];
    const { promise: ready, resolve: setReady } = Promise.withResolvers<boolean>();
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      this.#keep(line);
      if (READY.test(line)) setReady(true);
    });
    // Its children write to the same pipe, so this is when the last of them is gone.
    const closed = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve());
    });
    this.#ended = closed.finally(() => (this.#child = undefined));
    const isReady = await Promise.race([ready, this.#ended.then(() => false)]);
    if (!isReady) throw new Error(`the PostgreSQL server did not start:\n${said.join("\n")}`);
  }

  /** Ask it to end, in the way that the signal means. Resolves when all of it has; at once if it does not run. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }

  async kill(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    // Stopped first, so that it starts no other child meanwhile.
    process.kill(pid, "SIGSTOP");
    for (const each of [...childrenOf(pid), pid]) killIfThere(each);
    await this.#ended;
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINE_COUNT) this.#lines.shift();
  }
}

/** Where the system does not tell, the children are left to notice by themselves that their parent is gone. */
function childrenOf(pid: number): readonly number[] {
  if (process.platform !== "linux") return [];
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Run a program of the server that ends by itself. @throws Error with what it said, when it fails */
export async function runToEnd(program: string, args: readonly string[], user: ServerUser | undefined): Promise<void> {
  const child = spawn(program, args, { cwd: "/", env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"], ...user });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += String(text)));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} failed (${String(code)}):\n${said}`);
}
