import type { JobId } from "millrace";
import { expect, it } from "vitest";
import type { FinalAttempt } from "../../src/verify/check/verdict.ts";
import type { HandlerLine } from "../../src/verify/drive/handler-line.ts";
import {
  attemptFindings,
  countHandlers,
  handlerFindings,
  noteFindings,
  type WitnessedJob,
} from "../../src/verify/drive/witnesses.ts";

const ID: JobId = "job_00000000000000000000000000";
const LEASE_MS = 1_000;
const at = (ms: number): Date => new Date(Date.UTC(2031, 0, 1) + ms);

function anAttempt(change: Partial<FinalAttempt> = {}): FinalAttempt {
  const facts = { attempt: 1, token: 1, worker: "w", ending: "lost" } as const;
  return { ...facts, startedAt: at(10), endedAt: at(10 + LEASE_MS), ...change };
}

function aJob(change: Partial<WitnessedJob> = {}): WitnessedJob {
  const times = { createdAt: at(0), startedAt: at(10), finishedAt: at(9_000) };
  const facts = { id: ID, scope: "alpha", queue: "main", number: 1, state: "completed", kind: "bound" } as const;
  const limits = { attempt: 2, maxAttempts: 5, retryOf: null };
  return { ...facts, ...times, ...limits, result: { token: 2 }, attempts: [anAttempt()], ...change };
}

const begun = (token: number): HandlerLine => ({ what: "begin", job: ID, token });

interface Story {
  readonly job?: WitnessedJob | null;
  readonly lines?: readonly HandlerLine[];
  readonly notes?: readonly string[];
}

/** The same true story each time, with one thing changed. */
function findingsOf({ job = aJob(), lines = [begun(1), begun(2)], notes = [`enqueued ${ID} main`] }: Story): string {
  const jobs = job === null ? [] : [job];
  return [
    ...handlerFindings(lines),
    ...attemptFindings(jobs, LEASE_MS, true),
    ...noteFindings(notes, new Map(jobs.map((each) => [each.id, each])), "brief"),
  ]
    .map(({ guarantee, message }) => `${guarantee}: ${message}`)
    .join("; ");
}

it("what all saw of a sound drive goes together", () => {
  expect(findingsOf({})).toBe("");
  expect(findingsOf({ job: null, notes: [`completed ${ID} brief`] })).toBe("");
  expect(countHandlers([begun(1), begun(2), { ...begun(2), what: "end" }])).toEqual({ handlers: 2, cutShort: 1 });
});

it.each<readonly [what: string, story: Story, found: string]>([
  ["one claim begun by two", { lines: [begun(1), begun(1)] }, "G1: .* was begun twice under token 1"],
  ["more attempts than allowed", { job: aJob({ attempt: 6 }) }, "had 6 attempts of 5"],
  [
    "a claim that left no record",
    { job: aJob({ attempts: [anAttempt({ token: 2 })] }) },
    "token 2 as its claim number 1",
  ],
  [
    "a late outcome that was taken",
    { job: aJob({ result: { token: 1 } }) },
    "G2: .* completed by claim 1, and there were 1",
  ],
  [
    "a claim before the last was over",
    { job: aJob({ attempts: [anAttempt(), anAttempt({ token: 2, startedAt: at(20) })] }) },
    "G1: .* was claimed again before claim 1 was over",
  ],
  [
    "a lease taken before it had run out",
    { job: aJob({ attempts: [anAttempt({ endedAt: at(100) })] }) },
    "G1: .* lost claim 1 after 90 ms of its lease",
  ],
  ["a job that went without its caller's row", { job: null }, "G11: a caller has enqueued .* and it is not there"],
  ["a job that came without its caller's row", { notes: [] }, "G11: .* is there, and what its caller wrote"],
  [
    "a completion that went without its caller's row",
    { job: aJob({ state: "failed", result: null }), notes: [`enqueued ${ID} main`, `completed ${ID} main`] },
    "G11: a caller has completed .* and it is failed",
  ],
])("%s is found", (_, story, found) => expect(findingsOf(story)).toMatch(new RegExp(found)));
