import type { Millrace } from "millrace";
import { expect } from "vitest";
import { passed, until } from "../runtime/until.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { Line } from "./chaos-messages.ts";
import { findLies, readAllJobs, readEntries, readRecords } from "./history.ts";
import type { Nemesis } from "./nemesis.ts";

/** Counting is work for the store as well. */
export const COUNT_EVERY_MS = 100;

/** Let everybody finish and go, and hold what they have seen against what lies in the store. Answers the jobs. */
export async function endChaos(mill: Millrace, nemesis: Nemesis, drainLimitMs: number): Promise<number> {
  const producersEnded = await Promise.all(nemesis.producers.map((role) => role.leave()));
  const isDrained = async (): Promise<boolean> => {
    await passed(COUNT_EVERY_MS);
    const { blocked, scheduled, queued, running } = await mill.counts();
    return blocked + scheduled + queued + running === 0;
  };
  await until("every job has ended", isDrained, drainLimitMs);
  const workersEnded = await Promise.all(nemesis.workers.map((role) => role.leave()));
  expect([...producersEnded, ...workersEnded]).toEqual(Array.from({ length: 6 }, () => "code 0"));

  const jobs = await readAllJobs(mill);
  const lines = readRecords(nemesis.records);
  const count = (what: Line["what"]): number => lines.filter((line) => line.what === what).length;
  const cutShort = count("begin") - count("end");
  process.stdout.write(
    `${nemesis.kills} kills, ${jobs.length} jobs, ${count("begin")} handlers, ${cutShort} of them cut short\n`,
  );
  expect(cutShort).toBeGreaterThan(0);
  expect(await findLies(mill, jobs, lines)).toEqual([]);
  const verdict = checkHistory(readEntries(nemesis.records), jobs);
  process.stdout.write(`history: ${JSON.stringify(verdict.checked)}\n`);
  expect(verdict.violations).toEqual([]);
  expect(verdict.unknown).toEqual([]);
  expect(verdict.checked.jobs).toBeGreaterThanOrEqual(jobs.length);
  expect((await mill.verify()).violations).toEqual([]);
  await until("nobody is taken for alive any more", async () => (await mill.workers()).length === 0);
  return jobs.length;
}
