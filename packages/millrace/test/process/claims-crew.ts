import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Store } from "../../src/core/store.ts";
import { assertSound } from "../../src/testing/index.ts";
import type { Answer, Task } from "./claims-messages.ts";
import { openAt } from "./open-at.ts";
import type { StoreKind } from "./store-kinds.ts";

const PROGRAM = fileURLToPath(new URL("./claims-child.ts", import.meta.url));

/** A process of its own, of the same Node, running the source unbuilt. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly #early: Answer[] = [];

  constructor() {
    this.#process = fork(PROGRAM, [], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#process.on("message", (answer: Answer) => this.#take(answer));
    this.#process.on("exit", (code, signal) => {
      this.#take({ type: "error", text: `the child ended with ${signal ?? `code ${code}`}` });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The next message; an error of the child is one of ours. */
  async answer(): Promise<Exclude<Answer, { readonly type: "error" }>> {
    const answer = this.#early.shift() ?? (await new Promise<Answer>((resolve) => void this.#waiting.push(resolve)));
    if (answer.type === "error") throw new Error(answer.text);
    return answer;
  }

  send(task: Task): void {
    this.#process.send(task);
  }

  /** As the operating system kills: no warning, no last word. */
  async kill(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#early.push(answer);
    else waiting(answer);
  }
}

/** Starts so many processes and waits until each has said that it is there. */
export async function startCrew(size: number): Promise<readonly Child[]> {
  const crew = Array.from({ length: size }, () => new Child());
  await Promise.all(crew.map(async (child) => assert.equal((await child.answer()).type, "started")));
  return crew;
}

/** Every child gets its task, and all have answered. The barrier: none is sent before all are ready. */
export async function allDo(
  crew: readonly Child[],
  taskOf: (index: number) => Task,
): Promise<readonly Extract<Answer, { readonly type: "done" }>[]> {
  for (const [index, child] of crew.entries()) child.send(taskOf(index));
  // All are heard out, so that what one says late is not taken for its answer to the next task.
  const answers = await Promise.allSettled(crew.map((child) => child.answer()));
  return answers.map((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    assert.ok(answer.value.type === "done");
    return answer.value;
  });
}

/** A new store for each run, audited after it, and kept when something is wrong that was not meant to be. */
export async function onNewStore(
  kind: StoreKind,
  run: (store: Store, url: string) => Promise<void>,
  options: { readonly isMeantToFail?: boolean } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-claims-"));
  const { url, end } = kind.newStore(folder);
  const store = await openAt(url);
  let isSound = false;
  try {
    await run(store, url);
    await assertSound(store);
    isSound = true;
  } finally {
    await store.close();
    const isKept = !isSound && options.isMeantToFail !== true;
    await end(isKept);
    if (!isKept) rmSync(folder, { recursive: true });
  }
}

/** `MILLRACE_RUNS=100` for a long look; each contention test runs so many times in a row. */
export const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 5);
