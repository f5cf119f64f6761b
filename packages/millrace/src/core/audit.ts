export interface AuditOptions {
  /**
   * How long to look, in milliseconds. What was not looked at by then is named, and nothing is called sound then.
   * @default 60_000
   */
  readonly limitMs?: number;
  /**
   * How many rows of a table are looked at in one go, on one state of the data. Fewer hold less at a time and take longer.
   * @default 1_000
   */
  readonly sliceRows?: number;
  /** Hears after each slice how many jobs have been looked at so far. */
  readonly onProgress?: (jobs: number) => void;
}

export interface AuditReport {
  /** "unknown": nothing was found, and not all was looked at in the time there was. Never to be taken for "sound". */
  readonly verdict: "sound" | "violated" | "unknown";
  /** Jobs that were looked at, the newest first. */
  readonly jobs: number;
  readonly violations: readonly DataViolation[];
  readonly parts: readonly AuditedPart[];
}

/** What an audit walks through; all of them side by side, so that none waits for the end of another. */
export type AuditPart = "jobs" | "numbers" | "attempts" | "logs" | "counters" | "lanes";

export interface AuditedPart {
  readonly part: AuditPart;
  /** Whether it was looked at to its end. */
  readonly isComplete: boolean;
}

/** A broken promise, found in the data. */
export interface Violation {
  /** As in docs/guarantees.md, such as `G4`. */
  readonly guarantee: string;
  readonly message: string;
  /** Jobs or scopes that show it, at most ten. */
  readonly rows: readonly string[];
}

export interface DataViolation extends Violation {
  /** How many rows show it, named or not. */
  readonly count: number;
}

export interface Diagnosis {
  readonly check: string;
  readonly level: "ok" | "warning" | "problem";
  readonly message: string;
}
