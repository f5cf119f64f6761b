import type { LeaseStore } from "../core/store.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { Refusal } from "./refusal.ts";

/** Cancels that come together are looked for once. */
const LOOK_AFTER_MS = 50;

type Cancels = Awaited<ReturnType<LeaseStore["cancelRequests"]>>;

/** Remote workers that wait to hear which of their jobs somebody has cancelled. */
export class CancelPolls {
  readonly #kernel: Kernel;
  readonly #limit: number;
  readonly #stopping: AbortSignal;
  /** One for each that waits or is about to; called when something may have been cancelled, or it is over. */
  readonly #wakes = new Set<() => void>();
  #waitingCount = 0;
  #stopListening: (() => void) | undefined;

  constructor(kernel: Kernel, limit: number, stopping: AbortSignal) {
    this.#kernel = kernel;
    this.#limit = limit;
    this.#stopping = stopping;
    stopping.addEventListener("abort", () => this.#wakeAll(), { once: true });
  }

  /**
   * The worker's jobs that are to be cancelled, as soon as there are any; none when the time is over, the client has gone
   * or the server stops.
   * @throws Refusal `too_many_streams` when it would have to wait and no more may
   */
  async read(worker: string, waitMs: number, gone: AbortSignal): Promise<Cancels> {
    const { store, clock } = this.#kernel;
    const endsAt = clock.monotonic() + waitMs;
    const isOver = (): boolean => gone.aborted || this.#stopping.aborted || clock.monotonic() >= endsAt;
    for (;;) {
      // Listened for before it is asked: what comes while the store looks makes it look once more.
      const change = this.#nextChange(endsAt - clock.monotonic(), gone);
      try {
        const found = await store.cancelRequests(worker);
        if (found.length > 0 || isOver()) return found;
        await this.#countWaiting(change.came);
      } finally {
        change.stop();
      }
      if (!isOver()) await this.#kernel.pause(LOOK_AFTER_MS);
    }
  }

  async #countWaiting(change: Promise<void>): Promise<void> {
    if (this.#waitingCount >= this.#limit) {
      const message = `${this.#limit} workers wait already; come back, or ask without waiting`;
      throw new Refusal("too_many_streams", message, 1_000);
    }
    this.#waitingCount += 1;
    try {
      await change;
    } finally {
      this.#waitingCount -= 1;
    }
  }

  #nextChange(ms: number, gone: AbortSignal): { readonly came: Promise<void>; readonly stop: () => void } {
    const { promise: came, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wakes.add(wake);
    this.#stopListening ??= this.#kernel.store.onChange((changes) => {
      if (changes.has("cancel")) this.#wakeAll();
    });
    const timer = this.#kernel.clock.after(Math.max(0, ms), wake);
    gone.addEventListener("abort", wake, { once: true });
    const stop = (): void => {
      timer.cancel();
      gone.removeEventListener("abort", wake);
      this.#wakes.delete(wake);
      if (this.#wakes.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
    return { came, stop };
  }

  #wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }
}
