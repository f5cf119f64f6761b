import type { Job } from "../../core/job.ts";
import type { FaultText } from "./fault.ts";

/** One run of the handler under one fault. */
export interface ExerciseRun {
  /** Give it as `only`, with the same seed, to see it again. */
  readonly fault: FaultText;
  /** The same, in words. */
  readonly told: string;
  /** False when the handler took another way this time, and never came to the point where the fault would strike. */
  readonly isStruck: boolean;
  /** The job as it ended; `null` when it did not. */
  readonly job: Job | null;
  /** What `check` threw, or why there was nothing to check; `null` when all was well. */
  readonly error: Error | null;
}

export interface ExerciseReport {
  readonly kind: string;
  readonly seed: number;
  /** Where the handler awaited something, without a fault: file, line and column. Each is a point where it may die. */
  readonly awaits: readonly string[];
  /** What it had the store write, without a fault. */
  readonly writes: readonly string[];
  readonly runs: readonly ExerciseRun[];
  /** Faults that were left out, because there were more than `most`. */
  readonly untried: number;
}

/** The handler did not stand a fault. Its message says which, what was wrong then, and how to see it again. */
export class ExerciseError extends Error {
  override readonly name = "ExerciseError";
  readonly report: ExerciseReport;

  constructor(report: ExerciseReport) {
    const broken = report.runs.filter(({ error }) => error !== null);
    super(`${headline(report, broken)}\n${broken.map((run) => paragraph(run, report.seed)).join("\n")}`, {
      cause: broken[0]?.error,
    });
    this.report = report;
  }
}

function headline({ kind, runs, seed }: ExerciseReport, broken: readonly ExerciseRun[]): string {
  if (broken[0]?.fault === "none") return `exercise("${kind}"): the check does not hold, even without a fault`;
  const faults = runs.filter(({ fault }) => fault !== "none").length;
  return `exercise("${kind}"): ${broken.length} of ${faults} faults break the handler (seed ${seed})`;
}

function paragraph({ fault, told, error }: ExerciseRun, seed: number): string {
  const lines = (error?.message ?? "").split("\n").filter((line) => line.trim() !== "");
  const what = lines.slice(0, 8).join("\n    ");
  const again = fault === "none" ? "" : `\n    again: exercise(…, { …, seed: ${seed}, only: "${fault}" })`;
  return `\n  ${told}\n    ${what}${again}`;
}
