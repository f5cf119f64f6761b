export type LogStream = "log" | "stdout" | "stderr";

/** A line of a job's log. */
export interface LogLine {
  /** 1, 2, 3 … per job, given by the store. */
  readonly sequence: number;
  readonly at: Date;
  readonly stream: LogStream;
  readonly attempt: number;
  readonly text: string;
}

/** A longer line is cut. */
export const MAX_LOG_LINE_LENGTH = 8_192;
/** Lines beyond are dropped, after a last one that says so. */
export const MAX_LOG_LINES = 10_000;
