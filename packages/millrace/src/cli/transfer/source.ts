import type { ExportReader, LiveWork } from "../../core/transfer.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { UsageError } from "../usage-error.ts";

/** The part of an export's flags that says what may go on meanwhile. */
export interface SourceFlags {
  readonly allowRunning?: true;
}

export const ALLOW_RUNNING = [
  "--allow-running",
  "do it while workers work; a job that runs is carried as if its worker had died",
] as const;

/** @throws UsageError naming the jobs that run and the workers that are there */
export function refuseLiveWork({ liveWork }: ExportReader, flags: SourceFlags): void {
  if (flags.allowRunning === true || isIdle(liveWork)) return;
  throw new UsageError(`the store is at work: ${toldWork(liveWork)}`, {
    exitCode: EXIT_CODES.state_conflict,
    suggestion: "stop the workers first; a worker that was killed counts as there until its lease has run out",
  });
}

export function isIdle({ runningCount, workerCount }: LiveWork): boolean {
  return runningCount === 0 && workerCount === 0;
}

function toldWork({ runningCount, running, workerCount, workers }: LiveWork): string {
  const jobs = running.map(({ id, scope, number }) => (number === null ? id : `${scope}#${number}`));
  const names = workers.map(({ name, host, pid }) => {
    const place = [pid === null ? "" : `process ${pid}`, host === null ? "" : `on ${host}`].filter(
      (part) => part !== "",
    );
    return place.length === 0 ? name : `${name}, ${place.join(" ")}`;
  });
  return [
    ...(runningCount === 0 ? [] : [`${runningCount} running (${listed(jobs, runningCount)})`]),
    ...(workerCount === 0
      ? []
      : [`${workerCount} ${workerCount === 1 ? "worker" : "workers"} (${listed(names, workerCount)})`]),
  ].join(", ");
}

function listed(shown: readonly string[], count: number): string {
  const more = count - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}
