import type { Operation } from "../history/entry.ts";
import type { JobState } from "./job-machine.ts";
import type { Step } from "./linearize.ts";

/** What somebody asked about one job, or what time did to it. */
export interface JobStep extends Step<JobState> {
  readonly kind: Operation["name"] | "lease over" | "grace over" | "in the end";
  /** Who asked. */
  readonly process: string | null;
  /** What was asked and answered, for people. */
  readonly said: string;
  /** It is about a cancel, or heard of one. */
  readonly tellsOfCancel?: boolean;
}

/** Clocks are read in whole milliseconds, and those of two processes are not quite one. */
export const CLOCKS_DIFFER_US = 5_000;

/** What time does, unless something else comes before. */
export function timely(kind: JobStep["kind"], from: number, apply: JobStep["apply"], said: string): JobStep {
  return { kind, process: null, from, until: Infinity, isOptional: true, apply, said };
}
