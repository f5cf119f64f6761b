import { describe, expect, it } from "vitest";
import type { FinalJob } from "../../src/verify/check/verdict.ts";
import type { EnqueuedJob } from "../../src/verify/history/entry.ts";
import { claim, enqueue, lying, verdictOf, type Told } from "./told.ts";

interface Tale {
  readonly what: string;
  readonly judged: "ok" | "violated";
  readonly story: readonly Told[];
  readonly jobs: readonly FinalJob[];
}

const IN_LANE: Partial<EnqueuedJob> = {
  queue: "q",
  lane: "q",
  requires: [],
  fairKey: null,
  priority: 0,
  isDelayed: false,
};
const waits = (n: number, from: number, change: Partial<EnqueuedJob> = {}): Told =>
  enqueue(n, from, { ...IN_LANE, ...change });
const ran = (count: number): readonly FinalJob[] =>
  Array.from({ length: count }, (_, i) => lying(i + 1, { state: "queued", startedAt: null, finishedAt: null }));
/** Somebody's one job waits while others of the queue have so many turns, one each millisecond. */
const passedOver = (turns: number): readonly Told[] => [
  waits(1, 0, { fairKey: "small" }),
  ...Array.from({ length: turns }, (_, i) => waits(i + 2, 1, { fairKey: "big" })),
  ...Array.from({ length: turns }, (_, i) => claim("a", 1_100 + i * 2, i + 2)),
  claim("a", 1_100 + turns * 2, 1),
];

const TALES: readonly Tale[] = [
  {
    what: "a job that is claimed before one that came long before it",
    judged: "violated",
    story: [waits(1, 0), waits(2, 10), claim("a", 20, 2), claim("a", 22, 1)],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one that came at the same time",
    judged: "ok",
    story: [waits(1, 9), waits(2, 10), claim("a", 20, 2), claim("a", 22, 1)],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed at the same time as one that came before it",
    judged: "ok",
    story: [waits(1, 0), waits(2, 10), claim("a", 21, 2), claim("b", 21, 1)],
    jobs: ran(2),
  },
  {
    what: "a job of another lane that is claimed before",
    judged: "ok",
    story: [waits(1, 0), waits(2, 10, { lane: "q {gpu}", requires: ["gpu"] }), claim("a", 20, 2), claim("a", 22, 1)],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one that was delayed",
    judged: "ok",
    story: [waits(1, 0, { isDelayed: true }), waits(2, 10), claim("a", 20, 2), claim("a", 22, 1)],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one that a lost claim may have held",
    judged: "ok",
    story: [
      waits(1, 0),
      waits(2, 10),
      ["b", 19, null, { name: "claim", worker: "b", leaseMs: 100 }],
      claim("a", 20, 2),
      claim("a", 22, 1),
    ],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one that a claim without an answer had taken for its whole lease",
    judged: "ok",
    story: [
      waits(1, 0),
      [
        "b",
        5,
        6,
        { name: "claim", worker: "b", leaseMs: 100 },
        { name: "error", code: "store_unavailable", isOutage: true },
      ],
      waits(2, 10),
      claim("a", 20, 2),
      claim("a", 120, 1, 2),
    ],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one of a higher priority",
    judged: "violated",
    story: [waits(1, 0), waits(2, 10, { priority: 5 }), claim("a", 20, 1), claim("a", 22, 2)],
    jobs: ran(2),
  },
  {
    what: "a job that is claimed before one of a higher priority that came later",
    judged: "ok",
    story: [waits(1, 0), claim("a", 20, 1), waits(2, 20, { priority: 5 }), claim("a", 22, 2)],
    jobs: ran(2),
  },
  {
    what: "an answer whose jobs are in no order",
    judged: "violated",
    story: [waits(1, 0), waits(2, 10), claim("a", 20, [2, 1])],
    jobs: ran(2),
  },
  {
    what: "an answer whose jobs are in their order",
    judged: "ok",
    story: [waits(1, 0), waits(2, 10), claim("a", 20, [1, 2])],
    jobs: ran(2),
  },
  {
    what: "a fairness key that gets no turn",
    judged: "violated",
    story: passedOver(40),
    jobs: ran(41),
  },
  {
    what: "a fairness key that gets its turn after a few of another's",
    judged: "ok",
    story: passedOver(3),
    jobs: ran(4),
  },
];

describe("the order of", () => {
  it.each(TALES)("$what: $judged", ({ judged, story, jobs }) => {
    const { guarantees, judgement } = verdictOf(story, jobs);
    expect(guarantees.find(({ guarantee }) => guarantee === "G12")?.judgement).toBe(judged);
    expect(judgement === "ok").toBe(judged === "ok");
  });
});
