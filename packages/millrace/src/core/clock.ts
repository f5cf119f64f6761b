/** A timer that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Time as the runtime sees it; a virtual one drives simulations. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never steps back. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the timer keeps no process alive unless asked to. */
  after(ms: number, fn: () => void, options?: { readonly keepAlive?: boolean }): Timer;
  /** Calls `fn` in the next turn of the event loop, after those that asked before it. */
  nextTurn(fn: () => void): void;
}

/** Chance as the runtime sees it: 0 ≤ x < 1. */
export type Random = () => number;
