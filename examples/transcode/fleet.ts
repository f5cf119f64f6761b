import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Millrace } from "millrace";

export interface FleetWorker {
  readonly name: string;
  readonly labels: readonly string[];
}

const LOOK_EVERY_MS = 20;

/** Processes that work for a server. */
export class Fleet {
  readonly #processes = new Map<string, ChildProcess>();

  /** @param key of the role `worker`, which can run jobs and nothing else */
  constructor(workers: readonly FleetWorker[], { server, key }: { readonly server: string; readonly key: string }) {
    // The scripts run on this Node, whatever else is installed.
    const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
    for (const { name, labels } of workers) {
      const about = ["--server", server, "--name", name, ...labels.flatMap((label) => ["--label", label])];
      const args = [...process.execArgv, join(import.meta.dirname, "worker.ts"), ...about];
      const env = { ...process.env, PATH, MILLRACE_KEY: key };
      this.#processes.set(name, spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] }));
    }
  }

  /** Names of the workers by their ids, once the server knows them all. */
  async registered(mill: Millrace): Promise<ReadonlyMap<string, string>> {
    for (;;) {
      const workers = await mill.workers();
      if (workers.length === this.#processes.size) return new Map(workers.map(({ id, name }) => [id, name]));
      const ended = [...this.#processes].find(([, { exitCode }]) => exitCode !== null);
      if (ended !== undefined) throw new Error(`the worker ${ended[0]} ended before it began`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Without a word, as when a machine loses its power. */
  kill(name: string): void {
    this.#processes.get(name)?.kill("SIGKILL");
  }

  /** Let all of them finish, and wait until they are gone. Those that do not finish in time are killed. */
  async stop(graceMs = 20_000): Promise<void> {
    const living = [...this.#processes.values()].filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const late = setTimeout(() => living.forEach((worker) => worker.kill("SIGKILL")), graceMs);
    await Promise.all(
      living.map(async (worker) => {
        const ended = once(worker, "exit");
        worker.kill("SIGTERM");
        await ended;
      }),
    );
    clearTimeout(late);
  }
}
