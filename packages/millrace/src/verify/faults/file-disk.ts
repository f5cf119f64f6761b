import { execFile, execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { OptionsError } from "../../core/errors.ts";
import { drawNumber } from "./draw.ts";
import type { Fault, Victim } from "./fault.ts";
import { passing } from "./passing.ts";

const run = promisify(execFile);
/** How long a disk stays full. */
const LEAST_MS = 300;
const MOST_MS = 1_500;

/** @throws OptionsError where processes cannot be limited, or not be freed again */
export function refuseWithoutLimits(): void {
  let most: string;
  try {
    most = execFileSync("prlimit", ["--fsize", "--output=HARD", "--raw", "--noheadings"], { encoding: "utf8" }).trim();
  } catch (error) {
    throw new OptionsError(
      'the fault "disk" limits how far processes may write, by the program prlimit of Linux (util-linux); there is none here',
      { cause: error },
    );
  }
  if (most === "unlimited") return;
  throw new OptionsError(
    `the fault "disk" takes away a limit on how far processes may write, and here it may be ${most} bytes at most (ulimit -Hf)`,
  );
}

/**
 * The crew's processes may write no further than some place in the file or its log, as on a disk that is full from there
 * on; after a moment they may again. Reading goes on.
 */
export function fileDisk(file: string, victims: () => readonly Victim[], chance: () => number): Fault {
  return {
    name: "disk",
    strike: async () => {
      const limited = victims();
      // Within what is written over again and again, so that nobody is refused in the middle of nowhere.
      const bytes = Math.floor(chance() * chance() * sizeOf(`${file}-wal`));
      const ms = drawNumber(LEAST_MS, MOST_MS, chance);
      try {
        await Promise.all(limited.map(({ pid }) => limit(pid, String(bytes))));
        await passing(ms);
      } finally {
        await Promise.all(limited.map(({ pid }) => limit(pid, "unlimited")));
      }
      return `writes beyond ${bytes} bytes of a file were refused for ${ms} ms`;
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Only the soft limit, which its owner may raise again. A process that has ended meanwhile is passed over. */
async function limit(pid: number, bytes: string): Promise<void> {
  try {
    await run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
  } catch (error) {
    if (isThere(pid)) throw error;
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
