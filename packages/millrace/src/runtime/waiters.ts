import type { Clock, Random } from "../core/clock.ts";
import type { JobId } from "../core/job.ts";
import type { Store } from "../core/store.ts";
import { Loop } from "./loop.ts";

/** Should a wake-up get lost, this is how late the news can be. */
const BACKSTOP_MS = 500;

/** All who wait in this process for a job to end; the store is asked for all of them at once. */
export class Waiters {
  readonly #store: Store;
  readonly #loop: Loop;
  readonly #waiting = new Map<JobId, Set<() => void>>();
  #stopListening: (() => void) | undefined;

  constructor(
    store: Store,
    timing: { readonly clock: Clock; readonly random: Random },
    onError: (error: unknown) => void,
  ) {
    this.#store = store;
    // Who waits for a job wants to hear of it, so the process lives on.
    this.#loop = new Loop({ ...timing, everyMs: BACKSTOP_MS, keepAlive: true, run: () => this.#look(), onError });
  }

  /** Calls `onEnd` once the job has ended. Answers a function that gives up. */
  add(id: JobId, onEnd: () => void): () => void {
    const waiting = this.#waiting.get(id) ?? new Set();
    waiting.add(onEnd);
    this.#waiting.set(id, waiting);
    this.#stopListening ??= this.#store.onChange((changes) => {
      if (changes.has("events")) this.#loop.wake();
    });
    this.#loop.start();
    this.#loop.wake();
    return () => this.#remove(id, onEnd);
  }

  #remove(id: JobId, onEnd: () => void): void {
    const waiting = this.#waiting.get(id);
    waiting?.delete(onEnd);
    if (waiting?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    void this.#loop.stop();
  }

  async #look(): Promise<undefined> {
    const ids = [...this.#waiting.keys()];
    if (ids.length === 0) return undefined;
    const ended = await this.#store.ended(ids);
    ids.forEach((id, i) => {
      if (ended[i] !== true) return;
      for (const onEnd of this.#waiting.get(id) ?? []) onEnd();
    });
    return undefined;
  }
}
