import { Worker } from "node:worker_threads";

/** What the thread is told: whose leases to keep, and how often to look whether the event loop turns. */
export interface PacemakerOrder<Place> {
  readonly workers: readonly KeptWorker<Place>[];
  readonly everyMs: number;
}

export interface KeptWorker<Place> {
  readonly id: string;
  readonly leaseMs: number;
  /** Where its leases lie; sent to the thread, so plain data. */
  readonly place: Place;
}

/** Tells the thread to end itself. */
export const END = "end";

/** One counter, shared with the thread; the main thread raises it as long as its event loop turns. */
export type Pulse = SharedArrayBuffer;

const SLOWEST_MS = 1_000;
const FASTEST_MS = 10;

/**
 * Keeps leases while the event loop is blocked. A handler that computes for a minute sends no heartbeat, but it is not
 * dead: a thread beside it notices that the pulse has stopped and prolongs the leases of this process's workers until
 * it beats again. A process that was stopped or killed takes the thread with it.
 *
 * The thread belongs to the process, like its event loop; it exists while any store of the process has a worker.
 */
export class Pacemaker<Place> {
  readonly #thread: URL;
  readonly #pulse: Pulse = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #workers = new Map<string, KeptWorker<Place>>();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param thread the module that runs in the thread: it calls `watchPulse` */
  constructor(thread: URL) {
    this.#thread = thread;
  }

  add(worker: KeptWorker<Place>): void {
    this.#workers.set(worker.id, worker);
    this.#worker ??= this.#start();
    this.#order();
  }

  remove(id: string): void {
    if (!this.#workers.delete(id)) return;
    if (this.#workers.size === 0) this.#stop();
    else this.#order();
  }

  #stop(): void {
    clearInterval(this.#timer);
    // It ends by itself. Whoever ends a thread while that loads a native addon ends the process with it.
    this.#worker?.postMessage(END);
    this.#worker = undefined;
    this.#timer = undefined;
  }

  #start(): Worker {
    const worker = new Worker(this.#thread, { workerData: this.#pulse });
    // Without it a blocked event loop loses its leases; that is worth a word, and not the process.
    worker.on("error", (error) => {
      this.#stop();
      const message = `Leases will not be kept while the event loop is blocked: ${String(error)}`;
      process.emitWarning(message, "MillraceWarning");
    });
    worker.unref();
    return worker;
  }

  #order(): void {
    const workers = [...this.#workers.values()];
    const shortest = Math.min(...workers.map((worker) => worker.leaseMs));
    const everyMs = Math.max(FASTEST_MS, Math.min(SLOWEST_MS, shortest / 10));
    const order: PacemakerOrder<Place> = { workers, everyMs };
    this.#worker?.postMessage(order);
    clearInterval(this.#timer);
    const pulse = new Int32Array(this.#pulse);
    this.#timer = setInterval(() => Atomics.add(pulse, 0, 1), everyMs);
    this.#timer.unref();
  }
}
