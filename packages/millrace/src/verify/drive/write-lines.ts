import { writeSync } from "node:fs";

/** Where a process of the crew hands the drive what it records; the drive writes it into files. */
export const HISTORY_PIPE = 3;
export const HANDLER_PIPE = 4;

/**
 * Hand over a line. By a pipe and in one write: a process that is killed leaves whole lines, and one that may not write
 * into any file goes on recording.
 */
export function writeLine(pipe: number, line: object): void {
  writeSync(pipe, `${JSON.stringify(line)}\n`);
}
