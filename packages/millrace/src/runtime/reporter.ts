import type { Clock, Timer } from "../core/clock.ts";
import type { JobProgress } from "../core/job.ts";
import { isMillraceError, LeaseLostError } from "../core/errors.ts";
import { MAX_LOG_LINES, type LogStream } from "../core/log-line.ts";
import type { Report, Store } from "../core/store.ts";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";

/** Ten writes a second are plenty for eyes. */
const FLUSH_EVERY_MS = 100;

type ReportLine = Report["lines"][number];

interface Pending {
  progress: JobProgress | null;
  lines: ReportLine[];
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

  /**
   * Write what was said, by these attempts or by all.
   * @throws StoreError when the store is away; what was to be written is kept
   */
  async flush(attempts?: Iterable<Attempt>): Promise<void> {
    const chosen = [...(attempts ?? this.#pending.keys())];
    const reports: Report[] = [];
    const reporting: Attempt[] = [];
    for (const attempt of chosen) {
      const report = this.take(attempt);
      if (report === undefined) continue;
      reports.push(report);
      reporting.push(attempt);
    }
    if (reports.length === 0) return;
    try {
      const statuses = await this.#store.report(reports);
      statuses.forEach((status, i) => {
        if (status === "lost") reporting[i]?.abort(new LeaseLostError("the lease was lost while the job reported"));
      });
    } catch (error) {
      if (!isMillraceError(error) || !error.retryable) {
        this.#logger.error({ error, count: reports.length }, "progress and log lines were refused, and are dropped");
        return;
      }
      reports.forEach((report, i) => this.#putBack(reporting[i], report));
      throw error;
    }
  }

  /** What waits to be written of an attempt, for whoever writes it in a transaction of its own. */
  take(attempt: Attempt): Report | undefined {
    const pending = this.#pending.get(attempt);
    if (pending === undefined || (pending.progress === null && pending.lines.length === 0)) return undefined;
    const { job, token } = attempt.lease;
    const report = { job, token, progress: pending.progress, lines: pending.lines };
    pending.progress = null;
    pending.lines = [];
    return report;
  }

  forget(attempt: Attempt): void {
    this.#pending.delete(attempt);
  }

  has(attempt: Attempt): boolean {
    return this.#pending.has(attempt);
  }

  #putBack(attempt: Attempt | undefined, { progress, lines }: Report): void {
    if (attempt === undefined || attempt.isOver) return;
    const pending = this.#of(attempt);
    pending.progress ??= progress;
    pending.lines.unshift(...lines);
  }

  #of(attempt: Attempt): Pending {
    let pending = this.#pending.get(attempt);
    if (pending === undefined) this.#pending.set(attempt, (pending = { progress: null, lines: [], lineCount: 0 }));
    if (this.#timer === undefined) {
      this.#timer = this.#clock.after(FLUSH_EVERY_MS, () => {
        this.#timer = undefined;
        this.flush().catch((error: unknown) => {
          this.#logger.warn({ error }, "progress and log lines could not be written; trying again");
        });
      });
    }
    return pending;
  }
}
