import { rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** By these exit codes a script says more than that it failed. */
const AGAIN_IN_A_MINUTE = 75;
const STOPPED = 143;
const MEGABYTE = 1e6;

export interface WriteOptions {
  /** With less space than this the script ends, to be run again in a minute. @default 200 */
  readonly keepFreeMb?: number | undefined;
}

/**
 * Write a file that is there whole or not at all: `write` is given the path of a partial one, and a signal that fires
 * when the script has to end. Answers its size in bytes.
 */
export async function writeOutput(
  output: string,
  write: (partial: string, signal: AbortSignal) => Promise<void>,
  { keepFreeMb = 200 }: WriteOptions = {},
): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(output));
  if (bavail * bsize < keepFreeMb * MEGABYTE) {
    console.error(`the disk of ${output} is full`);
    process.exit(AGAIN_IN_A_MINUTE);
  }
  // No two attempts have the same token, so none writes into the file of another.
  const partial = `${output}.${process.env["MILLRACE_TOKEN"]}.part`;
  const signal = stopSignal();
  try {
    await write(partial, signal);
    await rename(partial, output);
    return (await stat(output)).size;
  } catch (error) {
    await rm(partial, { force: true });
    if (signal.aborted) process.exit(STOPPED);
    throw error;
  }
}

/** Fires on SIGTERM, and when nobody reads any more what the script prints: its worker was killed. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}
