import type { Job } from "../core/job.ts";
import type { Logger } from "../index.ts";
import { jobLabel } from "./job-name.ts";
import { lineLogger } from "./line-logger.ts";
import type { Output } from "./output.ts";
import { singleLine } from "./text-width.ts";
import type { AttemptEnd } from "./watched-worker.ts";

export interface WorkCounts {
  completed: number;
  /** Attempts, not jobs: what fails may be tried again. */
  failed: number;
  snoozed: number;
  cancelled: number;
  stopped: number;
}

/** What a worker says while it works: failures on standard error, everything else in numbers. */
export class WorkLog {
  readonly counts: WorkCounts = { completed: 0, failed: 0, snoozed: 0, cancelled: 0, stopped: 0 };
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  attemptEnded(job: Job, end: AttemptEnd): void {
    this.counts[end.how] += 1;
    if (!("reason" in end)) return;
    const which = `${jobLabel(job)} ${job.kind}, try ${job.attempt} of ${job.maxAttempts}`;
    this.#out.note(`${this.#out.errorPalette.bad(end.how)} ${which}: ${singleLine(end.reason)}`);
  }

  /** For the library: warnings and errors, a line each. */
  get logger(): Logger {
    return lineLogger(this.#out, "warn");
  }

  summary(): string {
    const { completed, failed, snoozed, cancelled, stopped } = this.counts;
    const rest = Object.entries({ failed, snoozed, cancelled, stopped }).filter(([, count]) => count > 0);
    return [`Completed ${completed}`, ...rest.map(([how, count]) => `${count} ${how}`)].join(", ");
  }
}
