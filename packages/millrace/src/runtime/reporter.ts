import type { Clock, Timer } from "../core/clock.ts";
import type { JobProgress } from "../core/job.ts";
import { LeaseLostError } from "../core/errors.ts";
import { MAX_LOG_LINES, type LogStream } from "../core/log-line.ts";
import type { Report, Store } from "../core/store.ts";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";

/** Ten writes a second are plenty for eyes. */
const FLUSH_EVERY_MS = 100;

interface Pending {
  progress: JobProgress | null;
  lines: { readonly stream: LogStream; readonly text: string }[];
  lineCount: number;
}

/** Collects what handlers say while they run, and writes it for all of them together. */
export class Reporter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pending = new Map<Attempt, Pending>();
  #timer: Timer | undefined;

  constructor(store: Store, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  progress(attempt: Attempt, percent: number, message: string | null): void {
    if (attempt.isOver) return;
    const bounded = Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0;
    this.#of(attempt).progress = { percent: bounded, message: message === null ? null : message.slice(0, 1_000) };
  }

  line(attempt: Attempt, stream: LogStream, text: string): void {
    if (attempt.isOver) return;
    const pending = this.#of(attempt);
    // The store keeps no more than that of a job; a handler that never yields must not fill the memory instead.
    if (pending.lineCount++ < MAX_LOG_LINES) pending.lines.push({ stream, text });
  }

  /** What these attempts said last must be written before their tickets move: the token dies with the move. */
  async flush(attempts?: Iterable<Attempt>): Promise<void> {
    const chosen = [...(attempts ?? this.#pending.keys())];
    const reports: Report[] = [];
    const reporting: Attempt[] = [];
    for (const attempt of chosen) {
      const pending = this.#pending.get(attempt);
      if (pending === undefined) continue;
      if (pending.progress === null && pending.lines.length === 0) continue;
      const { job, token } = attempt.lease;
      reports.push({ job, token, progress: pending.progress, lines: pending.lines });
      reporting.push(attempt);
      pending.progress = null;
      pending.lines = [];
    }
    if (reports.length === 0) return;
    try {
      const statuses = await this.#store.report(reports);
      statuses.forEach((status, i) => {
        if (status === "lost") reporting[i]?.abort(new LeaseLostError("the lease was lost while the job reported"));
      });
    } catch (error) {
      this.#logger.warn({ error, count: reports.length }, "progress and log lines could not be written");
    }
  }

  forget(attempt: Attempt): void {
    this.#pending.delete(attempt);
  }

  has(attempt: Attempt): boolean {
    return this.#pending.has(attempt);
  }

  #of(attempt: Attempt): Pending {
    let pending = this.#pending.get(attempt);
    if (pending === undefined) this.#pending.set(attempt, (pending = { progress: null, lines: [], lineCount: 0 }));
    if (this.#timer === undefined) {
      this.#timer = this.#clock.after(FLUSH_EVERY_MS, () => {
        this.#timer = undefined;
        void this.flush();
      });
    }
    return pending;
  }
}
