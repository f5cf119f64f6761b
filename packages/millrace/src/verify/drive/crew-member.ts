import { fork, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Victim } from "../faults/fault.ts";
import { clockArguments, type ClockFile } from "../faults/clock-file.ts";
import type { CrewInput, FromCrew, ToCrew } from "./messages.ts";
import { HANDLER_PIPE, HISTORY_PIPE } from "./write-lines.ts";

export type Role = "producer" | "worker";

/** A process that did not end as it should. */
export interface Crash {
  readonly process: string;
  readonly how: string;
  /** The end of what it said on standard error. */
  readonly said: string;
}

interface Place {
  readonly role: Role;
  /** Such as `worker-3`. */
  readonly name: string;
  readonly folder: string;
  readonly clock: ClockFile;
  /** What a process in this place is started with, for each anew. */
  readonly input: (life: number) => CrewInput;
  readonly onDid: (count: number) => void;
  readonly onSkew: (ms: number) => void;
  readonly onCrash: (crash: Crash) => void;
  /** A process has killed itself, as the workload wants it at times. */
  readonly onDeath: (process: string) => void;
}

const SAID_LIMIT = 4_000;
// Unbuilt, the programs are TypeScript, which Node runs as it is.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** A place in the crew, and the process that fills it: another one each time it was killed. */
export class CrewMember implements Victim {
  readonly name: string;
  readonly role: Role;
  readonly #place: Place;
  readonly #written: Promise<void>[] = [];
  #life = -1;
  #process!: ChildProcess;
  #started!: Promise<void>;
  #exited!: Promise<string>;
  #isWatched = false;
  #said = "";

  constructor(place: Place) {
    this.#place = place;
    this.name = place.name;
    this.role = place.role;
    this.#enter();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How many processes were killed in this place. */
  get kills(): number {
    return this.#life;
  }

  /** Resolves when the process works; rejects when it ended before. */
  get started(): Promise<void> {
    return this.#started;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async replace(): Promise<void> {
    this.#isWatched = false;
    this.#process.kill("SIGKILL");
    await this.#exited;
    this.#enter();
    // One that ends before it works has crashed, and is told of as such.
    await this.#started.catch(() => undefined);
  }

  async skew(ms: number): Promise<void> {
    this.#place.onSkew(ms);
    this.#place.clock.set(ms);
  }

  /** Ends politely; one that does not is ended. */
  async leave(limitMs: number): Promise<void> {
    if (this.#process.connected) this.#process.send({ type: "leave" } satisfies ToCrew);
    const timer = setTimeout(() => {
      this.#crashed(`had not ended ${limitMs} ms after it was asked to`);
      this.#process.kill("SIGKILL");
    }, limitMs);
    await this.#exited;
    clearTimeout(timer);
    await this.#recorded();
  }

  /** Ends at once. */
  async end(): Promise<void> {
    this.#isWatched = false;
    this.#process.kill("SIGKILL");
    await this.#exited;
    await this.#recorded();
  }

  /** Resolves when all that its processes have recorded lies in files. */
  async #recorded(): Promise<void> {
    await Promise.all(this.#written);
  }

  #enter(): void {
    this.#life += 1;
    const input = this.#place.input(this.#life);
    const child = fork(fileURLToPath(new URL(`./${this.role}-program.${extension}`, import.meta.url)), {
      execArgv: [...clockArguments(this.#place.clock)],
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "ipc"],
    });
    this.#process = child;
    this.#isWatched = true;
    this.#said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-SAID_LIMIT);
    });
    this.#keep(child.stdio[HISTORY_PIPE] as Readable, `history-${input.name}.jsonl`);
    this.#keep(child.stdio[HANDLER_PIPE] as Readable, `handlers-${input.name}.jsonl`);
    // A message to a process that was killed meanwhile is lost, as everything else it knew.
    child.on("error", () => undefined);
    child.send(input);
    this.#exited = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#started = new Promise((resolve, reject) => {
      child.on("message", (message: FromCrew) => {
        if (message.type === "started") resolve();
        else this.#place.onDid(message.count);
      });
      void this.#exited.then((how) => reject(new Error(`${input.name} ended before it worked: ${how}\n${this.#said}`)));
    });
    this.#started.catch(() => undefined);
    void this.#exited.then((how) => this.#ended(child, input.name, how));
  }

  /** What nobody else did to it. */
  #ended(child: ChildProcess, name: string, how: string): void {
    if (!this.#isWatched || child !== this.#process || how === "exit code 0") return;
    if (how === "SIGKILL") this.#place.onDeath(name);
    else this.#place.onCrash({ process: name, how: `ended by itself with ${how}`, said: this.#said });
    this.#enter();
  }

  #crashed(how: string): void {
    this.#place.onCrash({ process: this.name, how, said: this.#said });
    this.#isWatched = false;
  }

  #keep(pipe: Readable, file: string): void {
    const lines = createWriteStream(join(this.#place.folder, file));
    pipe.pipe(lines);
    this.#written.push(finished(lines));
  }
}
