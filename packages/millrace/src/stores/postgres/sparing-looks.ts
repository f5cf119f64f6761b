import type { UpkeepResult } from "../../core/store.ts";

/** Looks take at most one part in so many of the time. */
export const LOOK_SHARE = 20;
/** What a look costs without anything to walk over, on a slow line too. */
const CHEAP_MS = 20;
/** Whatever a look costs, what is overdue is not to wait longer than this for the next. */
const LONGEST_PAUSE_MS = 500;

/**
 * Looks for what is due, as often as they are asked for, but no more often than they are cheap: while a transaction is
 * left open somewhere, every look walks over all the tickets that have gone since.
 */
export class SparingLooks {
  readonly #share: number;
  /** When the next look may be taken, on the monotonic clock. */
  readonly #nextAt = new Map<unknown, number>();

  /** @param share 0 to look whenever it is asked for, as tests do that set the time */
  constructor(share: number = LOOK_SHARE) {
    this.#share = share;
  }

  /**
   * @param what names the look
   * @param look answers in how many milliseconds something will be due
   * @param work what is done about it
   */
  async take(
    what: unknown,
    look: () => Promise<number | null>,
    work: () => Promise<UpkeepResult>,
  ): Promise<UpkeepResult> {
    const startedAt = performance.now();
    const nextAt = this.#nextAt.get(what) ?? 0;
    if (startedAt < nextAt) return { count: 0, nextInMs: nextAt - startedAt };
    const nextInMs = await look();
    const endedAt = performance.now();
    const pauseMs = Math.max(0, endedAt - startedAt - CHEAP_MS) * this.#share;
    this.#nextAt.set(what, endedAt + Math.min(pauseMs, LONGEST_PAUSE_MS));
    return nextInMs === null || nextInMs > 0 ? { count: 0, nextInMs } : work();
  }
}
