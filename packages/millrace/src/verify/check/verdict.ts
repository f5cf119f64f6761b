import type { Violation } from "../../core/audit.ts";
import type { AttemptRecord, Job } from "../../core/job.ts";
import type { Judgement } from "./linearize.ts";

/** How a job lies in the store when all is over. */
export interface FinalJob extends Pick<
  Job,
  "id" | "state" | "scope" | "number" | "createdAt" | "startedAt" | "finishedAt"
> {
  readonly queue?: string;
  /** When a cancel was accepted that had to wait for a worker. */
  readonly cancelRequestedAt?: Date | null;
  /** Its attempts before the last one, oldest first. Left out where they were not read, and then not judged. */
  readonly attempts?: readonly FinalAttempt[];
}

/** An attempt that did not end its job, as the store has it. */
export type FinalAttempt = Pick<AttemptRecord, "attempt" | "token" | "worker" | "startedAt" | "endedAt" | "ending">;

export interface HistoryVerdict {
  /** "violated" where anything is, else "unknown" where anything is; never "ok" for what could not be judged. */
  readonly judgement: Judgement;
  /** A handful at most, those of each guarantee in the order in which they happened. */
  readonly violations: readonly HistoryViolation[];
  /** What could not be judged; a handful at most for each guarantee, and how many there were is in `guarantees`. */
  readonly unknown: readonly Unknown[];
  /** One for each guarantee that a history can show, in their order. */
  readonly guarantees: readonly GuaranteeVerdict[];
  readonly checked: { readonly calls: number; readonly jobs: number; readonly steps: number };
  /** How long jobs of workers that were killed or paused lay before they were taken back, by when that was. */
  readonly recoveries: readonly Recovery[];
}

export interface GuaranteeVerdict {
  /** As in docs/guarantees.md, such as `G4`. */
  readonly guarantee: string;
  readonly judgement: Judgement;
  /** How many jobs, calls or numbers were looked at; 0 where the history has nothing to judge it by. */
  readonly judged: number;
  readonly violated: number;
  readonly unknown: number;
}

/** Something that could be neither shown nor refuted. */
export interface Unknown {
  readonly guarantee: string;
  /** The job, the call or the scope. */
  readonly about: string;
  readonly why: string;
}

/** A job that was held by a process that was killed or paused. */
export interface Recovery {
  readonly job: string;
  readonly fault: string;
  /** Whom it befell. */
  readonly process: string;
  /** When the process stopped, in microseconds on the clock of the history. */
  readonly at: number;
  readonly leaseMs: number;
  /** From then until it was taken back. */
  readonly tookMs: number;
  /** Of these, milliseconds in which the store or the machine was not well. */
  readonly excusedMs: number;
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
  /** Such as `worker-3`; `null` for what time did. */
  readonly process: string | null;
  readonly said: string;
}
