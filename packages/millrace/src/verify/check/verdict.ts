import type { Violation } from "../../core/audit.ts";
import type { Job, JobId } from "../../core/job.ts";

/** How a job lies in the store when all is over. */
export type FinalJob = Pick<Job, "id" | "state" | "scope" | "number" | "createdAt" | "startedAt" | "finishedAt">;

export interface HistoryVerdict {
  readonly violations: readonly HistoryViolation[];
  /** Jobs whose calls could not be put in order within the time there was, nor shown to have none. Never a success. */
  readonly unknown: readonly JobId[];
  readonly checked: { readonly calls: number; readonly jobs: number; readonly steps: number };
}

export interface HistoryViolation extends Violation {
  /** The fewest calls that show it, in the order in which they began. */
  readonly story: readonly StoryLine[];
}

export interface StoryLine {
  /** Microseconds from the first of the story. */
  readonly from: number;
  /** `null` where nobody heard of an answer. */
  readonly until: number | null;
  readonly process: string | null;
  readonly said: string;
}
