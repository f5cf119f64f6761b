import type { JobId } from "../../core/job.ts";
import type { AskedJob } from "./asked-for.ts";
import type { Span } from "./times.ts";
import type { FinalJob } from "./verdict.ts";

/** How far two clocks of one machine may drift apart during a history. */
const DRIFT_US = 50_000;

/**
 * Where the times that a store wrote down lie on the clock of the history. A job was created while somebody asked for
 * it, so each says how far apart the clocks can be; where they cannot agree, the store's was set to another time.
 */
export class StoreClock {
  readonly #offset: Span | undefined;

  constructor(asked: ReadonlyMap<JobId, AskedJob>, jobs: ReadonlyMap<JobId, FinalJob>) {
    let from = -Infinity;
    let until = Infinity;
    for (const [id, { createdAt }] of jobs) {
      const job = asked.get(id);
      if (job === undefined || job.by !== "enqueue" || job.until === Infinity) continue;
      const created = createdAt.getTime() * 1_000;
      from = Math.max(from, job.from - created - 1_000);
      until = Math.min(until, job.until - created);
    }
    if (from === -Infinity || from > until + DRIFT_US) return;
    this.#offset = from <= until ? { from, until } : { from: until, until: from };
  }

  /** `undefined` where it cannot be said. */
  spanOf(at: Date | null | undefined): Span | undefined {
    if (this.#offset === undefined || at === null || at === undefined) return undefined;
    const us = at.getTime() * 1_000;
    // Whole milliseconds leave the rest out.
    return { from: us + this.#offset.from, until: us + this.#offset.until + 1_000 };
  }
}
