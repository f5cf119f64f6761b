import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../core/clock.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { StoreWatch } from "./store-watch.ts";

/**
 * The clock of a test queue. Time passes only when the test says so, here or in `drain()`; the queue then does what it
 * would have done meanwhile: what was due runs, leases are prolonged or run out, time limits fire, schedules enqueue.
 */
export class TestClock {
  readonly #time: VirtualClock;
  readonly #pass: (ms: number) => Promise<void>;
  readonly #wakeAt = new Set<number>();

  /** Use `openTestMillrace()`. @param pass lets so many milliseconds pass */
  constructor(time: VirtualClock, pass: (ms: number) => Promise<void>) {
    this.#time = time;
    this.#pass = pass;
  }

  /** Milliseconds since the epoch; bound, so that it can be handed on in place of `Date.now`. */
  readonly now = (): number => this.#time.now();

  /** The present, or so many milliseconds from it. */
  date(offsetMs = 0): Date {
    return this.#time.date(offsetMs);
  }

  /**
   * Let `ms` pass, step by step. Resolves when all that was due has been begun, and what came of it has been written.
   * Handlers that were running before are not waited for; those that begin meanwhile are, for as long as the queue's
   * `patienceMs`.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance(): time passes forwards, in milliseconds; got ${String(ms)}`);
    await this.#pass(Math.ceil(ms));
  }

  /** Let time pass until then. @throws RangeError when that is over */
  async advanceTo(at: Date | number): Promise<void> {
    const target = typeof at === "number" ? at : at.getTime();
    if (!(target >= this.now())) {
      throw new RangeError(`advanceTo(): it is ${this.date().toISOString()} already; got ${String(at)}`);
    }
    await this.advance(target - this.now());
  }

  /** Resolves when so much of this clock's time has passed: for handlers and fakes. @throws the signal's reason */
  sleep(ms: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const due = this.#time.monotonic() + Math.max(0, Math.ceil(ms));
      // Two that wake at the same moment need one stop between them.
      this.#wakeAt.add(due);
      const timer = this.#time.after(Math.max(0, Math.ceil(ms)), () => end(resolve));
      const onAbort = (): void => end(() => reject(signal?.reason as Error));
      const end = (how: () => void): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        how();
      };
      signal?.addEventListener("abort", onAbort);
    });
  }

  /** Milliseconds until the next `sleep()` ends; `null` when nobody sleeps. @internal */
  nextWakeInMs(): number | null {
    const now = this.#time.monotonic();
    for (const due of this.#wakeAt) if (due <= now) this.#wakeAt.delete(due);
    return this.#wakeAt.size === 0 ? null : Math.min(...this.#wakeAt) - now;
  }
}

/** The clock as the runtime is given it: whole milliseconds, as stores keep them. */
export function runtimeClock(time: VirtualClock, watch: StoreWatch): Clock {
  const fire = (fn: () => void): void => {
    const { lookCount } = watch;
    fn();
    if (watch.lookCount === lookCount) watch.otherTimerCount += 1;
  };
  return {
    now: time.now,
    monotonic: time.monotonic,
    after: (ms: number, fn: () => void): Timer => time.after(Math.ceil(ms), () => fire(fn)),
    nextTurn: (fn) => void setImmediate(fn),
  };
}
