import { setTimeout as pause } from "node:timers/promises";
import { spawnChild, type Child } from "../spawn-child.ts";
import type { Task } from "../task.ts";

const START_AGAIN_MS = 100;

/** Keeps one worker process running, as whatever starts services does: when it ends, another is started. */
export class Supervisor {
  readonly #task: Task;
  #worker: Child | undefined;
  #isStopped = false;

  constructor(task: Task) {
    this.#task = { ...task, measure: "recovery-worker" };
  }

  /** Resolves when the worker takes jobs. */
  async start(): Promise<void> {
    const worker = spawnChild(this.#task);
    this.#worker = worker;
    worker.figures.then(
      () => this.#again(worker),
      () => this.#again(worker),
    );
    await worker.ready;
  }

  /** End the worker without a word. Resolves when the next one takes jobs. */
  async kill(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.kill();
    await this.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#worker?.kill();
    await this.#worker?.figures.catch(() => undefined);
  }

  async #again(worker: Child): Promise<void> {
    await pause(START_AGAIN_MS);
    if (!this.#isStopped && this.#worker === worker) await this.start().catch(() => undefined);
  }
}
