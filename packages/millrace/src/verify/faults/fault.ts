/** What can be done to a system while it works. */
export const FAULT_NAMES = ["kill", "pause", "db-restart", "backend-kill", "cut", "clock", "disk", "failover"] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

/** One kind of trouble, brought again and again. */
export interface Fault {
  readonly name: FaultName;
  /**
   * Bring it once, and end it: what it was done to is well again when this resolves.
   * Answers what that was, for the report.
   */
  strike(): Promise<string>;
}

/**
 * A process of the crew, as faults meet it.
 *
 * `disk` on a file takes from its process the right to write into any file for a moment, so what the process records
 * must leave it by a pipe. Its wall clock is best made by `clockArguments()`, which moves the clock of its threads, too.
 */
export interface Victim {
  readonly name: string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Hear nothing from it any more, and put a new one in its place; resolves when that works. */
  replace(): Promise<void>;
  /** Set its wall clock so many milliseconds off; resolves when it is. */
  skew(ms: number): Promise<void>;
}
