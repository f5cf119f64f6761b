import { appendFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { microseconds } from "../contestants/contestant.ts";

/** When jobs started and ended, however many processes ran them. */
export interface Runs {
  /** All starts. */
  readonly startedAt: readonly number[];
  /** How many jobs started at all. */
  readonly startedJobs: number;
  /** The first end of each job. */
  readonly endedAt: ReadonlyMap<number, number>;
}

/** Writes a line at once, so that it is there when the process is not any more. */
export function noteRun(folder: string, what: "started" | "ended", n: number): void {
  appendFileSync(fileIn(folder), `${what} ${n} ${microseconds()}\n`);
}

export async function readRuns(folder: string): Promise<Runs> {
  const startedAt: number[] = [];
  const started = new Set<number>();
  const endedAt = new Map<number, number>();
  const text = await readFile(fileIn(folder), "utf8").catch(() => "");
  for (const line of text.split("\n")) {
    const [what, n, at] = line.split(" ");
    if (what === "started") {
      startedAt.push(Number(at));
      started.add(Number(n));
    } else if (what === "ended" && !endedAt.has(Number(n))) {
      endedAt.set(Number(n), Number(at));
    }
  }
  return { startedAt, startedJobs: started.size, endedAt };
}

function fileIn(folder: string): string {
  return join(folder, "runs.log");
}
