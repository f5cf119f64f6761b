import type { Clock, Random } from "../core/clock.ts";

/** Time and timers of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn, options) {
    const timer = setTimeout(fn, ms);
    if (options?.keepAlive !== true) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn: (fn) => void setImmediate(fn),
};

export const systemRandom: Random = () => Math.random();
