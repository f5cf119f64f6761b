import { describe, expect, it } from "vitest";
import type { FinalJob } from "../../src/verify/check/verdict.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue.ts";
import {
  at,
  attempt,
  cancel,
  claim,
  enqueue,
  idOf,
  keeps,
  lying,
  prune,
  settle,
  transact,
  verdictOf,
  type Told,
} from "./told.ts";

interface Tale {
  readonly story: readonly Told[];
  readonly jobs: readonly FinalJob[];
}

/** What breaks a promise, and what is closest to it and breaks none. */
type Pair = readonly [guarantee: string, what: string, broken: Tale, neighbour: string, sound: Tale];

const WAITING = { state: "queued" } as const;
const KEY = { key: "mail.send monday" };
const FIRED = (id: number, dueAt: string): Told => [
  "w",
  1,
  2,
  { name: "fire", schedule: "nightly", dueAt, job: { id: idOf(id), scope: "s" } },
  { name: "fire" },
];
const ran = (n: number): readonly Told[] => [enqueue(n), claim("a", 2, n), settle("a", 4, n)];
const number = (from: number, count: number, first: number): Told => [
  "caller",
  from,
  from + 1,
  { name: "number", scope: "s", count },
  { name: "number", first },
];
const adopt = (from: number, highest: number, last: number): Told => [
  "caller",
  from,
  from + 1,
  { name: "adopt", scope: "s", highest },
  { name: "adopt", status: "adopted", last },
];
const enqueueTwo = (from: number, until: number | null, isAllOrNone: boolean, keyed?: number): Told => [
  "p",
  from,
  until,
  {
    name: "enqueue",
    jobs: [1, 2].map((n) => ({ id: idOf(n), scope: "s", ...(n === keyed ? KEY : {}) })),
    isAllOrNone,
  },
];

const PAIRS: readonly Pair[] = [
  [
    "G1",
    "one due time of a schedule that is enqueued twice",
    { story: [FIRED(1, "02:00"), FIRED(2, "02:00")], jobs: [lying(1, WAITING), lying(2, WAITING)] },
    "two processes that saw it, of which one enqueued",
    { story: [FIRED(1, "02:00"), FIRED(2, "02:00")], jobs: [lying(1, WAITING)] },
  ],
  [
    "G2",
    "a claim that left no record",
    { story: [enqueue(1), claim("a", 2, 1, 2), settle("a", 4, 1, 2)], jobs: [lying(1, { attempts: [] })] },
    "one whose earlier claim, which nobody heard of, left its own",
    {
      story: [
        enqueue(1),
        ["b", 2, null, { name: "claim", worker: "b", leaseMs: 100 }],
        claim("a", 120, 1, 2),
        settle("a", 130, 1, 2),
      ],
      jobs: [lying(1, { attempts: [attempt(1, 0, 0)] })],
    },
  ],
  [
    "G2",
    "tokens on record that leave one out",
    { story: [], jobs: [lying(1, { attempts: [attempt(1, 0, 0), attempt(3, 0, 0)] })] },
    "tokens that only grow by one",
    { story: [], jobs: [lying(1, { attempts: [attempt(1, 0, 0), attempt(2, 0, 0)] })] },
  ],
  [
    "G6",
    "a job that was deleted before its retention was over",
    { story: [...ran(1), keeps(50), prune(40, 1)], jobs: [] },
    "one that was deleted after it",
    { story: [...ran(1), keeps(50), prune(60, 1)], jobs: [] },
  ],
  [
    "G6",
    "a job that is gone, and its retention over, and nobody deleted anything",
    { story: [...ran(1), keeps(50), prune(60, 0)], jobs: [] },
    "one whose deletion nobody heard of",
    { story: [...ran(1), keeps(50), ["j", 60, null, { name: "prune" }]], jobs: [] },
  ],
  [
    "G6",
    "a job that is gone without having ended",
    { story: [enqueue(1), claim("a", 2, 1), keeps(0), prune(60, 1), settle("a", 70, 1)], jobs: [] },
    "one that was cancelled before",
    { story: [enqueue(1), cancel(2, 1, "cancelled"), keeps(0), prune(60, 1)], jobs: [] },
  ],
  [
    "G3",
    "a second job with a key whose first has not ended",
    {
      story: [enqueue(1, 0, KEY), enqueue(2, 2, KEY), claim("a", 4, [1, 2]), settle("a", 6, 1), settle("a", 6, 2)],
      jobs: [lying(1, { finishedAt: at(7) }), lying(2, { createdAt: at(2), startedAt: at(4), finishedAt: at(7) })],
    },
    "one whose first has ended a moment before",
    {
      story: [
        enqueue(1, 0, KEY),
        claim("a", 2, 1),
        settle("a", 4, 1),
        enqueue(2, 5, KEY),
        claim("a", 7, 2),
        settle("a", 8, 2),
      ],
      jobs: [lying(1, { finishedAt: at(4) }), lying(2, { createdAt: at(5), startedAt: at(7), finishedAt: at(8) })],
    },
  ],
  [
    "G3",
    "a job that stands for another by its key after it has ended",
    {
      story: [
        ...ran(1),
        [
          "p",
          6,
          7,
          { name: "enqueue", jobs: [{ id: idOf(2), scope: "s" }] },
          { name: "enqueue", results: [{ job: idOf(1), number: 1 }] },
        ],
      ],
      jobs: [lying(1)],
    },
    "while it ends",
    {
      story: [
        ...ran(1),
        [
          "p",
          4,
          7,
          { name: "enqueue", jobs: [{ id: idOf(2), scope: "s" }] },
          { name: "enqueue", results: [{ job: idOf(1), number: 1 }] },
        ],
      ],
      jobs: [lying(1)],
    },
  ],
  [
    "G4",
    "a number that nobody has",
    { story: [enqueue(1), enqueue(3, 2)], jobs: [lying(1, WAITING), lying(3, WAITING)] },
    "one that a caller took",
    {
      story: [enqueue(1), number(1, 1, 2), enqueue(3, 2)],
      jobs: [lying(1, WAITING), lying(3, WAITING)],
    },
  ],
  [
    "G4",
    "a number that a rolled back transaction burnt",
    {
      story: [enqueue(1), transact(2, "rollback", [2]), enqueue(3, 4)],
      jobs: [lying(1, WAITING), lying(3, WAITING)],
    },
    "one whose job was deleted",
    {
      story: [enqueue(1), enqueue(2, 2), claim("a", 4, 2), settle("a", 6, 2), keeps(0), prune(9, 1), enqueue(3, 11)],
      jobs: [lying(1, WAITING), lying(3, WAITING)],
    },
  ],
  [
    "G4",
    "a number that two have",
    {
      story: [enqueue(1), enqueue(2, 2, {}, 1)],
      jobs: [lying(1, WAITING), lying(2, { state: "queued", number: 1 })],
    },
    "the same number in two scopes",
    {
      story: [enqueue(1), enqueue(2, 2, { scope: "t" }, 1)],
      jobs: [lying(1, WAITING), lying(2, { state: "queued", number: 1, scope: "t" })],
    },
  ],
  [
    "G4",
    "a number that a caller took and a job has",
    { story: [number(0, 2, 1), enqueue(2, 2)], jobs: [lying(2, WAITING)] },
    "numbers of a caller that come before it",
    { story: [number(0, 1, 1), enqueue(2, 2)], jobs: [lying(2, WAITING)] },
  ],
  [
    "G4",
    "numbers against the order of their calls",
    {
      story: [enqueue(1, 2, {}, 1), enqueue(2, 0, {}, 2)],
      jobs: [lying(1, WAITING), lying(2, WAITING)],
    },
    "numbers of calls at the same time, in any order",
    {
      story: [enqueue(1, 1, {}, 1), enqueue(2, 0, {}, 2)],
      jobs: [lying(1, WAITING), lying(2, WAITING)],
    },
  ],
  [
    "G4",
    "a number below one that was adopted before",
    { story: [adopt(0, 8, 8), enqueue(1, 2)], jobs: [lying(1, WAITING)] },
    "the first one after it",
    { story: [adopt(0, 8, 8), enqueue(9, 2)], jobs: [lying(9, WAITING)] },
  ],
  [
    "G4",
    "a number that was told and is another",
    {
      story: [enqueue(1, 0, {}, 2), enqueue(2, 0, {}, 1)],
      jobs: [lying(1, WAITING), lying(2, WAITING)],
    },
    "one that was not told, being given at a commit",
    {
      story: [enqueue(1), transact(2, "commit", [2])],
      jobs: [lying(1, WAITING), lying(2, WAITING)],
    },
  ],
  [
    "G5",
    "an attempt that began before the one before it was over",
    { story: [], jobs: [lying(1, { finishedAt: at(90), attempts: [attempt(1, 0, 50), attempt(2, 49, 80)] })] },
    "one that began at its very end",
    { story: [], jobs: [lying(1, { finishedAt: at(90), attempts: [attempt(1, 0, 50), attempt(2, 50, 80)] })] },
  ],
  [
    "G5",
    "a job that was finished before its last attempt was over",
    { story: [], jobs: [lying(1, { finishedAt: at(40), attempts: [attempt(1, 0, 50)] })] },
    "one that was finished in the same moment",
    { story: [], jobs: [lying(1, { finishedAt: at(50), attempts: [attempt(1, 0, 50)] })] },
  ],
  [
    "G11",
    "a job of a transaction that was rolled back",
    { story: [transact(0, "rollback", [1])], jobs: [lying(1, WAITING)] },
    "a job of one whose end nobody heard of",
    { story: [transact(0, "commit", [1], null)], jobs: [lying(1, WAITING)] },
  ],
  [
    "G11",
    "a claim of a job that was rolled back, and is gone again",
    { story: [transact(0, "rollback", [1]), claim("a", 4, 1)], jobs: [] },
    "a cancel of one that is not there",
    { story: [transact(0, "rollback", [1]), cancel(4, 1, "not_found")], jobs: [] },
  ],
  [
    "G11",
    "half of a transaction that may have been committed",
    { story: [transact(0, "commit", [1, 2], null)], jobs: [lying(1, WAITING)] },
    "nothing of it",
    { story: [transact(0, "commit", [1, 2], null)], jobs: [] },
  ],
  [
    "G11",
    "a transaction that was committed and is not there",
    { story: [transact(0, "commit", [1])], jobs: [] },
    "one that is",
    { story: [transact(0, "commit", [1])], jobs: [lying(1, WAITING)] },
  ],
  [
    "G11",
    "one of those that are all or none",
    { story: [enqueueTwo(0, null, true)], jobs: [lying(2, { state: "queued", number: 1 })] },
    "none of them",
    { story: [enqueueTwo(0, null, true)], jobs: [] },
  ],
  [
    "G11",
    "half of those that are all or none",
    {
      story: [enqueueTwo(0, null, true), ["p", 9, 9, { name: "promote" }, { name: "promote", count: 0 }]],
      jobs: [lying(1, WAITING)],
    },
    "half of those that are asked for each for itself",
    { story: [enqueueTwo(0, null, false)], jobs: [lying(1, WAITING)] },
  ],
  [
    "G11",
    "one of those that are all or none, with a key of its own",
    { story: [enqueueTwo(0, null, true, 2)], jobs: [lying(2, { state: "queued", number: 1 })] },
    "one of which the other may have found a job by its key",
    { story: [enqueueTwo(0, null, true, 1)], jobs: [lying(2, { state: "queued", number: 1 })] },
  ],
];

describe("a history of", () => {
  it.each(PAIRS)("breaks %s: %s", (guarantee, _, { story, jobs }) => {
    const { judgement, violations } = verdictOf(story, jobs);
    expect(violations.map((each) => each.guarantee)).toContain(guarantee);
    expect(judgement).toBe("violated");
  });

  it.each(PAIRS.map(([, , , what, tale]) => [what, tale] as const))("%s breaks nothing", (_, { story, jobs }) => {
    const { judgement, violations, unknown } = verdictOf(story, jobs);
    expect(violations).toEqual([]);
    expect(unknown).toEqual([]);
    expect(judgement).toBe("ok");
  });

  it("a job is deleted by the settings that nobody changed", () => {
    const days = (DEFAULT_QUEUE_SETTINGS.retention.completedMs ?? 0) + 100;
    const broken = verdictOf([...ran(1), prune(days - 1_000, 1)], []);
    const sound = verdictOf([...ran(1), prune(days, 1)], []);
    expect([broken.judgement, sound.judgement]).toEqual(["violated", "ok"]);
  });
});
