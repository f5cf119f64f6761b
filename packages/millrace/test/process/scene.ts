import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { onTestFailed, onTestFinished } from "vitest";
import { Actor } from "./actor.ts";
import { SQLITE, type StoreKind } from "./store-kinds.ts";
import type { FromWorker, WorkerInput } from "./worker-messages.ts";

/**
 * A folder and a store, a client of this process, and actors; all gone after the test, but for the folder of a failed
 * one.
 */
export class Scene {
  readonly folder: string;
  /** Of the store that all play on. */
  readonly url: string;
  readonly #actors = new Set<Pick<Actor<never>, "kill" | "exited">>();

  private constructor(folder: string, url: string) {
    this.folder = folder;
    this.url = url;
  }

  /** On a new store of this kind. */
  static on(kind: StoreKind = SQLITE): Scene {
    const folder = newFolder();
    const { url, end } = kind.newStore(folder);
    let hasFailed = false;
    onTestFailed(() => void (hasFailed = true));
    // These run in reverse: when this one's turn comes, the last connection has been closed.
    onTestFinished(() => end(hasFailed));
    return Scene.at(url, folder);
  }

  /** On a store that somebody else looks after. */
  static at(url: string, folder = newFolder()): Scene {
    const scene = new Scene(folder, url);
    onTestFinished(() => scene.#end());
    return scene;
  }

  async open(url = this.url): Promise<Millrace> {
    const mill = await openMillrace(url);
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
      new Actor<FromWorker>(new URL("./worker-program.ts", import.meta.url), { url: this.url, ...input }),
    );
    await actor.hears((message) => message.type === "started");
    return actor;
  }

  async #end(): Promise<void> {
    for (const actor of this.#actors) actor.kill("SIGKILL");
    await Promise.all([...this.#actors].map((actor) => actor.exited));
  }
}

/** Deleted after the test, unless it failed. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-process-"));
  let hasFailed = false;
  onTestFailed(() => void (hasFailed = true));
  onTestFinished(() => {
    if (hasFailed) process.stdout.write(`the folder of the failed test was kept: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
