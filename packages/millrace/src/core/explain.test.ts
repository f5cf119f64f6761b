import { describe, expect, it } from "vitest";
import { explain } from "./explain.ts";
import type { Job } from "./job.ts";
import type { JobSituation } from "./store.ts";
import type { WorkerInfo } from "./worker-info.ts";

const AT = new Date("2026-05-01T12:00:00.000Z");
const ISO = AT.toISOString();
/** The first attempt may have started long before the present one. */
const EARLIER = new Date(AT.getTime() - 60_000);

function aJob(change: Partial<Job>): Job {
  return {
    id: "job_00000000000000000000000000", number: 1, scope: "mail", queue: "mail", kind: "mail.send", payload: null,
    state: "queued", priority: 0, attempt: 0, maxAttempts: 3, timeoutMs: null, backoff: null, runAt: AT, createdAt: AT,
    startedAt: null, finishedAt: null, result: null, error: null, progress: null, org: "default", createdBy: null,
    group: null, tags: {}, requires: [], fairKey: null, key: null, retryOf: null, worker: null, cancelRequestedAt: null,
    cancelledBy: null, cancelledAt: null, cancelReason: null, ...change,
  }; // prettier-ignore
}

function aWorker(change: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    id: "worker_1", name: "one", host: null, pid: null, queues: null, labels: [], concurrency: 2, running: 0,
    startedAt: AT, seenAt: AT, ...change,
  }; // prettier-ignore
}

function sentences(job: Partial<Job>, around: Partial<JobSituation> = {}): readonly string[] {
  return explain({
    job: aJob(job),
    isQueuePaused: false,
    aheadCount: null,
    attemptStartedAt: AT,
    leaseUntil: null,
    warnedAt: null,
    workers: [aWorker()],
    ...around,
  }).sentences;
}

const ERROR = { name: "TypeError", message: "x is not a function", permanent: false, attempt: 2 };

const CASES: readonly (readonly [string, Partial<Job>, readonly string[]])[] = [
  ["blocked", { state: "blocked" }, ["It waits for other jobs to end."]],
  ["delayed", { state: "scheduled" }, [`It is not due before ${ISO}.`]],
  ["snoozed", { state: "scheduled", startedAt: AT }, [`It was put off until ${ISO}.`]],
  [
    "between attempts",
    { state: "scheduled", startedAt: AT, error: ERROR },
    [`It waits for its next attempt until ${ISO}; attempt 2 of 3 failed: TypeError: x is not a function.`],
  ],
  [
    "running",
    { state: "running", startedAt: EARLIER, attempt: 2, worker: "worker_1" },
    [`It has been running on worker_1 since ${ISO}, attempt 2 of 3.`],
  ],
  [
    "running and cancelled",
    { state: "running", startedAt: AT, attempt: 1, cancelRequestedAt: AT },
    [`It has been running since ${ISO}, attempt 1 of 3. Its cancel was accepted at ${ISO}.`],
  ],
  ["completed", { state: "completed", attempt: 1, finishedAt: AT }, [`It completed at ${ISO} on attempt 1 of 3.`]],
  [
    "failed",
    { state: "failed", attempt: 3, finishedAt: AT, error: ERROR },
    [`It failed at ${ISO} on attempt 3 of 3: TypeError: x is not a function.`],
  ],
  [
    "cancelled",
    { state: "cancelled", cancelledAt: AT, cancelledBy: "anna", cancelReason: "not needed" },
    [`It was cancelled by anna at ${ISO}: not needed.`],
  ],
  ["cancelled by nobody", { state: "cancelled", cancelledAt: AT }, [`It was cancelled at ${ISO}.`]],
];

describe("why a job is where it is", () => {
  it.each(CASES)("%s", (_, job, expected) => expect(sentences(job)).toEqual(expected));
});

describe("a job that is held by hand", () => {
  it("says since when its time is over, and when it fails", () => {
    const job = { state: "running", attempt: 1, worker: "hand_ada_1" } as const;
    expect(sentences(job, { warnedAt: AT, leaseUntil: AT })).toEqual([
      `It has been running on hand_ada_1 since ${ISO}, attempt 1 of 3.`,
      `Its time limit was over at ${ISO}; it fails at ${ISO} unless it is reported or extended.`,
    ]);
  });
});

describe("why a queued job is not running", () => {
  it.each([
    [0, "It is the next of its lane."],
    [1, "It is behind 1 job."],
    [17, "It is behind 17 jobs."],
    [10_000, "It is behind at least 10000 jobs."],
  ])("with %d in front of it", (aheadCount, said) => expect(sentences({}, { aheadCount })).toEqual([said]));

  it("its queue is paused, which is said first", () =>
    expect(sentences({}, { isQueuePaused: true, aheadCount: 1 })).toEqual([
      'The queue "mail" is paused.',
      "It is behind 1 job.",
    ]));

  it("it is done by hand, whoever works there", () => {
    const said = ["It is done by hand: `millrace jobs claim` takes it."];
    expect(sentences({ requires: ["manual"] }, { workers: [] })).toEqual(said);
    expect(sentences({ requires: ["manual"] })).toEqual(said);
  });

  it("who works by hand is no worker for the others", () =>
    expect(sentences({}, { workers: [aWorker({ labels: ["manual"] })] })).toEqual([
      'No live worker serves the queue "mail".',
    ]));

  it("no live worker serves its queue", () => {
    const said = ['No live worker serves the queue "mail".'];
    expect(sentences({}, { workers: [] })).toEqual(said);
    expect(sentences({}, { workers: [aWorker({ queues: ["video"] })] })).toEqual(said);
  });

  it("the worker that lacks the fewest labels is the one that counts", () => {
    const workers = [aWorker(), aWorker({ labels: ["arm"] }), aWorker({ queues: ["video"], labels: ["arm", "gpu"] })];
    expect(sentences({ requires: ["arm", "gpu"] }, { workers })).toEqual([
      'No live worker of the queue "mail" has the label "gpu".',
    ]);
    expect(sentences({ requires: ["x", "y"] }, { workers })[0]).toContain('the label "x" and "y"');
  });

  it("every worker that could run it is busy", () => {
    const busy = aWorker({ running: 2 });
    expect(sentences({}, { workers: [busy] })).toEqual(["Every worker that could run it is busy."]);
    expect(sentences({}, { workers: [busy, aWorker()] })).toEqual([]);
  });
});
