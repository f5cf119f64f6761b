import { fork, type ChildProcess, type ForkOptions } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Listener<Told> {
  readonly hears: (message: Told) => boolean;
  readonly resolve: (message: Told) => void;
}

/**
 * A process of its own: the same Node, running a program of this folder unbuilt. It is given its input as JSON and
 * talks by messages. What it prints goes where ours goes.
 */
export class Actor<Told> {
  readonly told: Told[] = [];
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #listeners: Listener<Told>[] = [];

  constructor(program: URL, input: unknown, options: ForkOptions = {}) {
    this.#process = fork(fileURLToPath(program), [JSON.stringify(input)], {
      ...options,
      execArgv: ["--conditions=millrace-source", ...(options.execArgv ?? [])],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.exited = new Promise((resolve) => {
      this.#process.on("exit", (code, signal) => resolve({ code, signal }));
    });
    this.#process.on("message", (message: Told) => this.#hear(message));
    // A message to a process that was killed meanwhile is lost, as everything else it knew.
    this.#process.on("error", () => undefined);
  }

  /** Of the process; 0 when there could be none. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  send(message: object): void {
    if (this.#process.connected) this.#process.send(message);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** The first message of this sort, already told or to come. Rejects when the process ends without it. */
  async hears<Wanted extends Told>(isWanted: (message: Told) => message is Wanted): Promise<Wanted>;
  async hears(isWanted: (message: Told) => boolean): Promise<Told>;
  async hears(isWanted: (message: Told) => boolean): Promise<Told> {
    const early = this.told.find(isWanted);
    if (early !== undefined) return early;
    const heard = new Promise<Told>((resolve) => void this.#listeners.push({ hears: isWanted, resolve }));
    return Promise.race([heard, this.exited.then((exit) => this.#missing(exit))]);
  }

  #missing({ code, signal }: Exit): never {
    throw new Error(`the process ended with ${signal ?? `code ${code}`} before it said what was waited for`);
  }

  #hear(message: Told): void {
    this.told.push(message);
    const [hearing, waiting] = [
      this.#listeners.filter(({ hears }) => hears(message)),
      this.#listeners.filter(({ hears }) => !hears(message)),
    ];
    this.#listeners = waiting;
    for (const { resolve } of hearing) resolve(message);
  }
}
