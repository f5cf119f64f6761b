import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { onTestFailed, onTestFinished } from "vitest";
import { Actor } from "./actor.ts";
import type { FromWorker, WorkerInput } from "./worker-messages.ts";

/** A folder with a file, a client of this process, and actors; all gone after the test, but for the folder of a failed one. */
export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-process-"));
  readonly file = join(this.folder, "queue.db");
  readonly #actors = new Set<Pick<Actor<never>, "kill" | "exited">>();
  #hasFailed = false;

  constructor() {
    onTestFailed(() => void (this.#hasFailed = true));
    onTestFinished(async () => {
      for (const actor of this.#actors) actor.kill("SIGKILL");
      await Promise.all([...this.#actors].map((actor) => actor.exited));
      if (this.#hasFailed) process.stdout.write(`the folder of the failed test was kept: ${this.folder}\n`);
      else rmSync(this.folder, { recursive: true, force: true });
    });
  }

  async open(file = this.file): Promise<Millrace> {
    const mill = await openMillrace(`sqlite:${file}`);
    onTestFinished(() => mill.close());
    return mill;
  }

  play<Told>(actor: Actor<Told>): Actor<Told> {
    this.#actors.add(actor);
    return actor;
  }

  /** A worker in a process of its own, which has started. */
  async worker(input: Partial<WorkerInput> = {}): Promise<Actor<FromWorker>> {
    const actor = this.play(
      new Actor<FromWorker>(new URL("./worker-program.ts", import.meta.url), { file: this.file, ...input }),
    );
    await actor.hears((message) => message.type === "started");
    return actor;
  }
}
