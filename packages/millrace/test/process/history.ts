import { existsSync, readFileSync } from "node:fs";
import type { AttemptRecord, Job, Millrace } from "millrace";
import type { Entry } from "../../src/verify/history/entry.ts";
import { historyBeside, LEASE_MS, type Line, type Receipt } from "./chaos-messages.ts";

/** All lines of all records. The last one of a killed process may be cut, and says nothing then. */
export function readRecords(files: Iterable<string>): readonly Line[] {
  return [...files].flatMap((file) => readLines<Line>(file));
}

/** What was asked of the store and answered, by the same processes. */
export function readEntries(records: Iterable<string>): readonly Entry[] {
  return [...records].flatMap((record) => readLines<Entry>(historyBeside(record)));
}

function readLines<T>(file: string): readonly T[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line) => (line.endsWith("}") ? [JSON.parse(line) as T] : []));
}

export async function readAllJobs(mill: Millrace): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await mill.list({}, { limit: 1_000, cursor });
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return jobs;
}

/** What is wrong with the jobs as they lie, by what their producers and handlers have written down. */
export async function findLies(
  mill: Pick<Millrace, "attempts">,
  jobs: readonly Job[],
  lines: readonly Line[],
): Promise<readonly string[]> {
  const jobById = new Map(jobs.map((job) => [job.id, job]));
  const lies = [...lostJobs(jobById, lines), ...numberLies(jobs), ...timeLies(jobs), ...twiceBegun(lines)];
  const begunBy = Map.groupBy(lines, ({ job }) => job);
  for (let i = 0; i < jobs.length; i += READ_AT_ONCE) {
    const some = jobs.slice(i, i + READ_AT_ONCE);
    const attemptsOfSome = await Promise.all(some.map(({ id }) => mill.attempts(id)));
    some.forEach((job, at) => {
      const attempts = attemptsOfSome[at] ?? [];
      lies.push(...attemptLies(job, attempts), ...earlyBegins(attempts, begunBy.get(job.id) ?? []));
    });
  }
  return lies;
}

const READ_AT_ONCE = 100;

function lostJobs(jobById: ReadonlyMap<string, Job>, lines: readonly Line[]): readonly string[] {
  return lines.flatMap((line) => {
    if (line.what !== "acknowledged") return jobById.has(line.job) ? [] : [`${line.job} ran and is not there`];
    const job = jobById.get(line.job);
    if (job === undefined) return [`${line.job} was acknowledged and is not there`];
    const isSame = job.number === line.number && job.scope === line.scope;
    return isSame ? [] : [`${line.job} was told ${line.scope}#${line.number} and is ${job.scope}#${job.number}`];
  });
}

function numberLies(jobs: readonly Job[]): readonly string[] {
  return [...Map.groupBy(jobs, ({ scope }) => scope)].flatMap(([scope, members]) => {
    const numbers = members.map(({ number }) => number ?? 0).toSorted((a, b) => a - b);
    const wrong = numbers.findIndex((number, i) => number !== i + 1);
    return wrong < 0 ? [] : [`${scope} has #${numbers[wrong]} where #${wrong + 1} should be`];
  });
}

function timeLies(jobs: readonly Job[]): readonly string[] {
  return jobs.flatMap(({ id, createdAt, startedAt, finishedAt }) => {
    const times = [createdAt, startedAt, finishedAt].flatMap((at) => (at === null ? [] : [at.getTime()]));
    return times.every((at, i) => i === 0 || at >= (times[i - 1] ?? 0))
      ? []
      : [`${id} ran backwards: ${times.join(", ")}`];
  });
}

function twiceBegun(lines: readonly Line[]): readonly string[] {
  const begun = new Set<string>();
  return lines.flatMap((line) => {
    if (line.what !== "begin") return [];
    const claim = `${line.job} under token ${line.token}`;
    if (begun.has(claim)) return [`${claim} was begun twice`];
    begun.add(claim);
    return [];
  });
}

/** How far the clock of a process may stand from the wall's. */
const CLOCKS_DIFFER_MS = 25;

/** A handler that began, by its own clock, while the claim before it could still be valid. */
function earlyBegins(attempts: readonly AttemptRecord[], lines: readonly Line[]): readonly string[] {
  return lines.flatMap((line) => {
    if (line.what !== "begin") return [];
    const before = attempts.find(({ token }) => token === line.token - 1);
    if (before === undefined || line.at >= before.endedAt.getTime() - CLOCKS_DIFFER_MS) return [];
    return [`${line.job} was begun under token ${line.token} before claim ${before.token} was over`];
  });
}

/**
 * Each claim has a token and left one record, but for the last, which is the outcome. So the tokens of the attempts are
 * 1 to n, and the one that completed the job is n + 1: no claim is missing, none was settled twice. And no attempt
 * began before the one before it was over, which for a lost one is when its lease had run out.
 */
function attemptLies(
  { id, state, result, error, finishedAt, attempt, maxAttempts }: Job,
  attempts: readonly AttemptRecord[],
): readonly string[] {
  const lies: string[] = [];
  if (state !== "completed" && state !== "failed") lies.push(`${id} is ${state}`);
  if (attempt > maxAttempts) lies.push(`${id} had ${attempt} attempts of ${maxAttempts}`);
  attempts.forEach(({ token, ending, startedAt, endedAt }, i) => {
    if (token !== i + 1) lies.push(`${id} has token ${token} as its claim number ${i + 1}`);
    const next = attempts[i + 1]?.startedAt ?? finishedAt;
    if (next !== null && next < endedAt) lies.push(`${id} was claimed again before claim ${token} was over`);
    const tookMs = endedAt.getTime() - startedAt.getTime();
    if (ending === "lost" && tookMs < LEASE_MS) lies.push(`${id} lost claim ${token} after ${tookMs} ms of its lease`);
  });
  const receipt = result as Receipt | null;
  if (state === "completed" && receipt?.token !== attempts.length + 1) {
    lies.push(`${id} was completed by claim ${receipt?.token}, and there were ${attempts.length} before`);
  }
  if (state === "failed" && error === null) lies.push(`${id} has failed for no reason`);
  return lies;
}
