import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { quietEnvironment } from "../cli/spawn-millrace.ts";
import type { Answer, Task } from "./crew-messages.ts";

const PROGRAM = fileURLToPath(new URL("./crew-program.ts", import.meta.url));

/** A process of its own, of the same Node, running the source unbuilt. It is asked one thing at a time. */
export class Member {
  /** All that it has complained about. */
  complaints = "";
  readonly #process: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly #early: Answer[] = [];

  constructor() {
    this.#process = fork(PROGRAM, [], {
      execArgv: ["--conditions=millrace-source"],
      env: quietEnvironment(),
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.complaints += text;
      process.stderr.write(text);
    });
    this.#process.on("message", (answer: Answer) => this.#take(answer));
    this.#process.on("exit", (code, signal) => {
      this.#take({ type: "error", text: `a process of the crew ended with ${signal ?? `code ${code}`}` });
    });
  }

  /** Resolves when it is there. */
  async started(): Promise<void> {
    await this.#hear("started");
  }

  /** @throws Error with what the process said went wrong */
  async ask<Type extends Answer["type"]>(task: Task, type: Type): Promise<Extract<Answer, { readonly type: Type }>> {
    this.#process.send(task);
    return this.#hear(type);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  async #hear<Type extends Answer["type"]>(type: Type): Promise<Extract<Answer, { readonly type: Type }>> {
    const answer = this.#early.shift() ?? (await new Promise<Answer>((resolve) => void this.#waiting.push(resolve)));
    if (answer.type === type) return answer as Extract<Answer, { readonly type: Type }>;
    throw new Error(answer.type === "error" ? answer.text : `"${type}" was expected, not "${answer.type}"`);
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#early.push(answer);
    else waiting(answer);
  }
}

/** Starts so many processes and waits until each has said that it is there. */
export async function startCrew(size: number): Promise<readonly Member[]> {
  const crew = Array.from({ length: size }, () => new Member());
  await Promise.all(crew.map((member) => member.started()));
  return crew;
}
