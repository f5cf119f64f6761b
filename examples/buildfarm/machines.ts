import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JobId } from "millrace";
import type { MachineWord } from "./machine.ts";
import type { Farm } from "./open-farm.ts";

const MACHINE = fileURLToPath(new URL("./machine.ts", import.meta.url));

/** A machine of a volunteer: a process of its own, in a folder of its own, that knows a URL and a key to register with. */
export class Machine {
  readonly name: string;
  /** Resolves when the server refused what it sent, since its build had gone to another. */
  readonly refused: Promise<void>;
  readonly #ready: Promise<void>;
  readonly #process: ChildProcess;

  constructor(name: string, { url, folder }: Farm, key: string) {
    this.name = name;
    const cwd = join(folder, "machines", name);
    mkdirSync(cwd);
    const env = { PATH: process.env["PATH"], MACHINE: name, MILLRACE_SERVER: url, MILLRACE_KEY: key };
    this.#process = fork(MACHINE, [], { cwd, env });
    this.refused = this.#hear("refused");
    this.#ready = this.#hear("ready");
  }

  async ready(): Promise<this> {
    await Promise.race([this.#ready, once(this.#process, "exit").then(() => this.#ended())]);
    return this;
  }

  /** As the kernel, or somebody at its keyboard, might. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void {
    this.#process.kill(signal);
  }

  /** Let it sign off, and wait until it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.signal("SIGTERM");
    await gone;
  }

  #hear(word: MachineWord["says"]): Promise<void> {
    return new Promise((resolve) => {
      this.#process.on("message", ({ says }: MachineWord) => {
        if (says === word) resolve();
      });
    });
  }

  #ended(): never {
    throw new Error(`${this.name} ended before it was ready`);
  }
}

/** The machines of a farm: those that were there from the start, and those that joined. */
export class Machines {
  readonly #farm: Farm;
  readonly #key: string;
  readonly #machines: Machine[] = [];

  constructor(farm: Farm, key: string) {
    this.#farm = farm;
    this.#key = key;
  }

  async join(): Promise<Machine> {
    const machine = new Machine(`machine-${this.#machines.length + 1}`, this.#farm, this.#key);
    this.#machines.push(machine);
    return machine.ready();
  }

  /** The machine that has the build, or had it last. */
  async holderOf(build: JobId): Promise<Machine> {
    const job = await this.#farm.mill.get(build);
    const worker = (await this.#farm.mill.workers()).find(({ id }) => id === job?.worker);
    const machine = this.#machines.find(({ name }) => name === worker?.name);
    if (machine === undefined) throw new Error(`no machine has build ${job?.number}`);
    return machine;
  }

  async end(): Promise<void> {
    await Promise.all(this.#machines.map((machine) => machine.end()));
  }
}
