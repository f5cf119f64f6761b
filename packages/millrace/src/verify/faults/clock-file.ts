import { closeSync, openSync, rmSync, writeSync } from "node:fs";

export const SHIFT_BYTES = 8;

/** The wall clock of the processes that were started with it: so far from that of the machine as is written in a file. */
export class ClockFile {
  readonly path: string;
  readonly #file: number;

  /** @param path a file that is made for it */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w");
    this.set(0);
  }

  /** What they run on from this moment. Their monotonic clocks go on as they did. */
  set(shiftMs: number): void {
    const bytes = new DataView(new ArrayBuffer(SHIFT_BYTES));
    bytes.setFloat64(0, shiftMs);
    // One write of a few bytes: nobody reads half of it.
    writeSync(this.#file, bytes, 0, SHIFT_BYTES, 0);
  }

  /** Delete it. Who runs on it goes on with its last time. */
  remove(): void {
    closeSync(this.#file);
    rmSync(this.path);
  }
}

// Unbuilt, the program is TypeScript, which Node runs as it is.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** What a process of Node is started with, as `execArgv`, to run on such a clock, its threads too. */
export function clockArguments({ path }: Pick<ClockFile, "path">): readonly string[] {
  const program = new URL(`./stepping-clock.${extension}`, import.meta.url);
  program.searchParams.set("file", path);
  return ["--import", program.href];
}
