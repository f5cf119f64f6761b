import type { WorkerClient } from "../../http/api/worker-client.ts";

/** A job that ends within this time is not worth the request. */
const LOOK_EVERY_MS = 1_000;
const WAIT_MS = 25_000;
const ANSWER_MS = 10_000;

/**
 * Hears of cancels while a worker holds jobs: one request that the server answers when there is one.
 *
 *   stopped ── start ──► resting ── a second later, and jobs are held ──► waiting ── answered, or it failed ──► resting
 *                           └────────── no job is held any more ──► stopped
 */
export class CancelWatch {
  readonly #client: WorkerClient;
  readonly #isNeeded: () => boolean;
  readonly #onCancel: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: AbortController | undefined;

  constructor(client: WorkerClient, isNeeded: () => boolean, onCancel: () => void) {
    this.#client = client;
    this.#isNeeded = isNeeded;
    this.#onCancel = onCancel;
  }

  /** Safe to call while it runs. */
  start(): void {
    if (this.#timer !== undefined || this.#waiting !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isNeeded()) void this.#wait();
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting?.abort();
  }

  async #wait(): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    try {
      const call = { signal: waiting.signal, timeoutMs: WAIT_MS + ANSWER_MS };
      if ((await this.#client.cancels(WAIT_MS, call)).length > 0) this.#onCancel();
    } catch {
      // The next heartbeat tells of cancels, too.
    } finally {
      this.#waiting = undefined;
    }
    if (!waiting.signal.aborted) this.start();
  }
}
