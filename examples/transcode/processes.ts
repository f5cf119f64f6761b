import { readFileSync } from "node:fs";
import type { JobId, Millrace } from "millrace";

/** The processes that scripts have run in, all attempts of all these jobs: each begins by saying its own. */
export async function processesOf(mill: Millrace, jobs: readonly { readonly id: JobId }[]): Promise<readonly number[]> {
  const logs = await Promise.all(jobs.map(({ id }) => mill.logs(id)));
  return logs.flat().flatMap(({ text }) => /^process (\d+)$/.exec(text)?.slice(1).map(Number) ?? []);
}

/** Whether a process does anything still. */
export function isLiving(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  // One that has ended is there until its parent asks after it, and in some containers nobody asks after orphans.
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
}
