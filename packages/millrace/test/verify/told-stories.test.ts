import { describe, expect, it } from "vitest";
import type { JobId } from "../../src/core/job.ts";
import { checkHistory } from "../../src/verify/check/check-history.ts";
import type { FinalJob } from "../../src/verify/check/verdict.ts";
import type { Answer, Entry, Operation } from "../../src/verify/history/entry.ts";

const JOB: JobId = "job_00000000000000000000000000";
const MS = 1_000;
const LEASE_MS = 100;

/** Somebody asks at one millisecond and is answered at another, or never. */
type Told = readonly [who: string, from: number, until: number | null, operation: Operation, answer?: Answer];

function historyOf(story: readonly Told[]): readonly Entry[] {
  return story.flatMap(([process, from, until, operation, answer], call): readonly Entry[] => [
    { type: "call", process, call, at: from * MS, operation },
    ...(until === null || answer === undefined
      ? []
      : [{ type: "answer", process, call, at: until * MS, answer } as const]),
  ]);
}

function lying(state: FinalJob["state"]): FinalJob {
  const at = new Date(0);
  return { id: JOB, state, scope: "s", number: 1, createdAt: at, startedAt: at, finishedAt: at };
}

const enqueued: Told = [
  "producer",
  0,
  1,
  { name: "enqueue", jobs: [{ id: JOB, scope: "s" }] },
  { name: "enqueue", results: [{ job: JOB, number: 1 }] },
];
const claim = (who: string, from: number, until: number, token: number): Told => [
  who,
  from,
  until,
  { name: "claim", worker: who, leaseMs: LEASE_MS },
  { name: "claim", leases: [{ job: JOB, token }] },
];
const unheardClaim = (who: string, from: number): Told => [
  who,
  from,
  null,
  { name: "claim", worker: who, leaseMs: LEASE_MS },
];
const settle = (
  who: string,
  from: number,
  token: number,
  to: "completed" | "waiting",
  status: "settled" | "lost",
): Told => [
  who,
  from,
  from + 1,
  { name: "settle", ends: [{ job: JOB, token, to }] },
  { name: "settle", statuses: [status] },
];
const beat = (who: string, from: number, token: number, status: "held" | "lost" | "cancel"): Told => [
  who,
  from,
  from + 1,
  { name: "heartbeat", leases: [{ job: JOB, token }], leaseMs: LEASE_MS },
  { name: "heartbeat", statuses: [status] },
];
const cancel = (from: number, status: "cancelled" | "requested" | "finished"): Told => [
  "owner",
  from,
  from + 1,
  { name: "cancel", jobs: [JOB] },
  { name: "cancel", statuses: [status] },
];

const TRUE: readonly (readonly [what: string, story: readonly Told[], end: FinalJob["state"]])[] = [
  ["a job that runs", [enqueued, claim("a", 2, 3, 1), settle("a", 4, 1, "completed", "settled")], "completed"],
  [
    "a lease that is over, and a late end that is refused",
    [enqueued, claim("a", 2, 3, 1), claim("b", 110, 111, 2), settle("a", 112, 1, "completed", "lost")],
    "running",
  ],
  [
    "an end that is said again",
    [
      enqueued,
      claim("a", 2, 3, 1),
      settle("a", 4, 1, "completed", "settled"),
      settle("a", 6, 1, "completed", "settled"),
    ],
    "completed",
  ],
  [
    "an end and a cancel at the same time",
    [enqueued, claim("a", 2, 3, 1), settle("a", 4, 1, "completed", "settled"), cancel(4, "finished")],
    "completed",
  ],
  [
    "the last attempt, of a worker that died with the answer to its claim",
    [enqueued, claim("a", 2, 3, 1), settle("a", 4, 1, "waiting", "settled"), unheardClaim("b", 6)],
    "failed",
  ],
];

const FALSE: readonly (readonly [guarantee: string, what: string, story: readonly Told[], end: FinalJob["state"]])[] = [
  ["G1", "a job that two hold", [enqueued, claim("a", 2, 3, 1), claim("b", 50, 51, 2)], "running"],
  [
    "G1",
    "a job that two hold, since a heartbeat had prolonged the lease",
    [enqueued, claim("a", 2, 3, 1), beat("a", 80, 1, "held"), claim("b", 120, 121, 2)],
    "running",
  ],
  [
    "G2",
    "an end under a token that is gone",
    [enqueued, claim("a", 2, 3, 1), claim("b", 110, 111, 2), settle("a", 112, 1, "completed", "settled")],
    "completed",
  ],
  ["G3", "a job that is not there", [enqueued], "blocked"],
  [
    "G6",
    "an end that was settled and is another",
    [enqueued, claim("a", 2, 3, 1), settle("a", 4, 1, "completed", "settled")],
    "failed",
  ],
  [
    "G7",
    "a completion after a cancel",
    [enqueued, claim("a", 2, 3, 1), cancel(4, "requested"), settle("a", 8, 1, "completed", "settled")],
    "completed",
  ],
];

describe("a history of", () => {
  it.each(TRUE)("%s can be true", (_, story, end) => {
    const { violations, unknown } = checkHistory(historyOf(story), [lying(end)]);
    expect(violations).toEqual([]);
    expect(unknown).toEqual([]);
  });

  it.each(FALSE)("breaks %s: %s", (guarantee, what, story, end) => {
    const isThere = what !== "a job that is not there";
    const { violations } = checkHistory(historyOf(story), isThere ? [lying(end)] : []);
    expect(violations.map((each) => each.guarantee)).toContain(guarantee);
  });
});
