import type { AttemptRecord, Job, JobId } from "millrace";
import { expect, it } from "vitest";
import { LEASE_MS, type Line } from "./chaos-messages.ts";
import { findLies } from "./history.ts";

const ID = "job_00000000000000000000000000";
const at = (ms: number): Date => new Date(Date.UTC(2031, 0, 1) + ms);

function aJob(change: Partial<Job> = {}): Job {
  const times = { createdAt: at(0), startedAt: at(10), finishedAt: at(9_000) };
  const facts = { id: ID, scope: "alpha", number: 1, state: "completed", attempt: 1, maxAttempts: 5, error: null };
  return { ...facts, ...times, result: { token: 2, pid: 1 }, ...change } as Job;
}

function anAttempt(change: Partial<AttemptRecord> = {}): AttemptRecord {
  const facts = { attempt: 1, token: 1, worker: "w", ending: "lost", error: null } as const;
  return { ...facts, startedAt: at(10), endedAt: at(10 + LEASE_MS), ...change };
}

const begun = (token: number, ms: number, job: JobId = ID): Line => ({
  what: "begin",
  job,
  token,
  at: at(ms).getTime(),
});
const acknowledged = (number: number, job: JobId = ID): Line => ({ what: "acknowledged", job, scope: "alpha", number });
const OTHER: JobId = "job_00000000000000000000000001";

/** The same true story each time, with one thing changed. */
async function liesOf(change: { jobs?: Job[]; attempts?: AttemptRecord[]; lines?: Line[] } = {}): Promise<string> {
  const {
    jobs = [aJob()],
    attempts = [anAttempt()],
    lines = [acknowledged(1), begun(1, 10), begun(2, 2_000)],
  } = change;
  const lies = await findLies({ attempts: async (id) => (id === ID ? attempts : []) }, jobs, lines);
  return lies.join("; ");
}

it("a true history has no lies in it", async () => expect(await liesOf()).toBe(""));

it.each([
  ["a job that was acknowledged and lost", { jobs: [] }, "was acknowledged and is not there"],
  ["a job that ran and is not there", { lines: [begun(1, 10, OTHER)] }, "ran and is not there"],
  ["another number than was told", { lines: [acknowledged(2)] }, "was told alpha#2 and is alpha#1"],
  ["a gap", { jobs: [aJob({ number: 2 })], lines: [] }, "alpha has #2 where #1 should be"],
  [
    "a number given twice",
    { jobs: [aJob(), aJob({ id: OTHER, result: { token: 1 } })] },
    "alpha has #1 where #2 should be",
  ],
  ["an end before the start", { jobs: [aJob({ finishedAt: at(5) })] }, "ran backwards"],
  ["one claim begun by two", { lines: [begun(1, 10), begun(1, 11)] }, "under token 1 was begun twice"],
  ["a job that has not ended", { jobs: [aJob({ state: "running" })] }, "is running"],
  ["more attempts than allowed", { jobs: [aJob({ attempt: 6 })] }, "had 6 attempts of 5"],
  ["a claim that left no record", { attempts: [anAttempt({ token: 2 })] }, "has token 2 as its claim number 1"],
  [
    "a late outcome that was taken",
    { jobs: [aJob({ result: { token: 1 } })] },
    "was completed by claim 1, and there were 1 before",
  ],
  [
    "a claim before the last was over",
    { attempts: [anAttempt(), anAttempt({ token: 2, startedAt: at(20) })] },
    "was claimed again before claim 1 was over",
  ],
  [
    "a lease taken before it had run out",
    { attempts: [anAttempt({ endedAt: at(100) })] },
    "lost claim 1 after 90 ms of its lease",
  ],
  [
    "a handler begun under a valid lease of another",
    { lines: [begun(2, 100)] },
    "was begun under token 2 before claim 1 was over",
  ],
])("%s is found", async (_, change, found) =>
  expect(await liesOf(change as Parameters<typeof liesOf>[0])).toContain(found),
);
