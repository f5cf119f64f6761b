import { Worker } from "node:worker_threads";

/** What the thread is told: whose leases to keep, and how often to look whether the event loop turns. */
export interface PacemakerOrder {
  readonly workers: readonly { readonly id: string; readonly leaseMs: number }[];
  readonly everyMs: number;
}

/** What the thread is started with. */
export interface PacemakerSetup {
  readonly file: string;
  /** One counter; the main thread raises it as long as its event loop turns. */
  readonly pulse: SharedArrayBuffer;
}

const SLOWEST_MS = 1_000;
const FASTEST_MS = 10;

/**
 * Keeps leases while the event loop is blocked. A handler that computes for a minute sends no heartbeat, but it is not
 * dead: a thread beside it notices that the pulse has stopped and prolongs the leases of this process's workers until
 * it beats again. A process that was stopped or killed takes the thread with it.
 */
export class Pacemaker {
  readonly #file: string;
  readonly #pulse = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #workers = new Map<string, number>();
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  add(worker: string, leaseMs: number): void {
    this.#workers.set(worker, leaseMs);
    this.#thread ??= this.#start();
    this.#order();
  }

  remove(worker: string): void {
    if (!this.#workers.delete(worker)) return;
    if (this.#workers.size === 0) this.stop();
    else this.#order();
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#thread?.terminate();
    this.#thread = undefined;
    this.#timer = undefined;
  }

  #start(): Worker {
    // Unbuilt, this file and the thread's are TypeScript, which Node runs as it is.
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const setup: PacemakerSetup = { file: this.#file, pulse: this.#pulse };
    const thread = new Worker(new URL(`./pacemaker-thread.${extension}`, import.meta.url), { workerData: setup });
    // Without it a blocked event loop loses its leases; that is worth a word, and not the process.
    thread.on("error", (error) => {
      this.stop();
      process.emitWarning(
        `Leases will not be kept while the event loop is blocked: ${String(error)}`,
        "MillraceWarning",
      );
    });
    thread.unref();
    return thread;
  }

  #order(): void {
    const workers = [...this.#workers].map(([id, leaseMs]) => ({ id, leaseMs }));
    const shortest = Math.min(...this.#workers.values());
    const everyMs = Math.max(FASTEST_MS, Math.min(SLOWEST_MS, shortest / 10));
    const order: PacemakerOrder = { workers, everyMs };
    this.#thread?.postMessage(order);
    clearInterval(this.#timer);
    const pulse = new Int32Array(this.#pulse);
    this.#timer = setInterval(() => Atomics.add(pulse, 0, 1), everyMs);
    this.#timer.unref();
  }
}
