import { isMillraceError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { Logger } from "../index.ts";
import { jobLabel } from "./job-name.ts";
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
    const tell = (fields: Readonly<Record<string, unknown>>, message: string): void =>
      this.#out.note(`${this.#out.errorPalette.warning("Warning:")} ${message}${told(fields)}`);
    return { debug: nothing, info: nothing, warn: tell, error: tell };
  }

  summary(): string {
    const { completed, failed, snoozed, cancelled, stopped } = this.counts;
    const rest = Object.entries({ failed, snoozed, cancelled, stopped }).filter(([, count]) => count > 0);
    return [`Completed ${completed}`, ...rest.map(([how, count]) => `${count} ${how}`)].join(", ");
  }
}

function nothing(): void {
  // Not for a terminal.
}

function told(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${singleLine(textOf(value))}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function textOf(value: unknown): string {
  if (isMillraceError(value)) return `${value.code}: ${value.message}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}
