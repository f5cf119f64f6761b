import { describe, expect, it } from "vitest";
import type { FinalJob } from "../../src/verify/check/verdict.ts";
import {
  at,
  attempt,
  beat,
  cancel,
  claim,
  enqueue,
  fault,
  idOf,
  keeps,
  LEASE_MS,
  lying,
  MS,
  settle,
  stall,
  verdictOf,
  type Told,
} from "./told.ts";

type Judged = "ok" | "violated" | "unknown";

interface Tale {
  readonly guarantee: string;
  readonly what: string;
  readonly judged: Judged;
  readonly story: readonly Told[];
  readonly jobs: readonly FinalJob[];
}

/** Claimed by a process that then dies, at 10 ms, and taken back some time later. */
const orphan = (backAt: number): Pick<Tale, "story" | "jobs"> => ({
  story: [
    enqueue(1),
    claim("a", 2, 1),
    fault("kill", "a", 10, 40),
    claim("b", backAt + 1, 1, 2),
    settle("b", backAt + 3, 1, 2),
  ],
  jobs: [lying(1, { finishedAt: at(backAt + 3), attempts: [attempt(1, 2, backAt)] })],
});
const slow = (who: string, from: number, until: number): Told => [
  who,
  from,
  until,
  { name: "heartbeat", leases: [], leaseMs: LEASE_MS },
  { name: "heartbeat", statuses: [] },
];
const cancelled = (heldUntil: number): Pick<Tale, "story" | "jobs"> => ({
  story: [
    keeps(1_000_000),
    enqueue(1),
    claim("a", 2, 1),
    cancel(4, 1, "requested"),
    ...Array.from({ length: Math.floor(heldUntil / 90) }, (_, i) => beat("a", 5 + i * 90, 1, "cancel")),
    settle("a", heldUntil, 1, 1, "completed", "cancelled"),
  ],
  jobs: [lying(1, { state: "cancelled", finishedAt: at(heldUntil) })],
});
const TALES: readonly Tale[] = [
  {
    guarantee: "G9",
    what: "a job of a dead process that is taken back within a lease and a second",
    judged: "ok",
    ...orphan(1_000),
  },
  { guarantee: "G9", what: "one that is taken back later", judged: "violated", ...orphan(1_300) },
  {
    guarantee: "G9",
    what: "one that is taken back as much later as the store was away",
    judged: "ok",
    story: [...orphan(1_300).story, fault("db-restart", "the server", 100, 400)],
    jobs: orphan(1_300).jobs,
  },
  {
    guarantee: "G9",
    what: "one that is taken back later, when the store was away long after",
    judged: "violated",
    story: [...orphan(1_300).story, fault("db-restart", "the server", 1_350, 1_700)],
    jobs: orphan(1_300).jobs,
  },
  {
    guarantee: "G9",
    what: "one of which only the next claim is known, which came late",
    judged: "unknown",
    story: orphan(1_300).story,
    jobs: [lying(1, { finishedAt: at(1_303) })],
  },
  {
    guarantee: "G9",
    what: "one of which only the next claim is known, which came in time",
    judged: "ok",
    story: orphan(900).story,
    jobs: [lying(1, { finishedAt: at(903) })],
  },
  {
    guarantee: "G9",
    what: "a job of a process that was stopped, and went on before its lease was over",
    judged: "ok",
    story: [
      enqueue(1),
      claim("a", 2, 1),
      fault("pause", "a for 50 ms", 10, 60),
      beat("a", 62, 1, "held"),
      settle("a", 2_000, 1),
    ],
    jobs: [lying(1, { finishedAt: at(2_000), attempts: [] })],
  },
  {
    guarantee: "G9",
    what: "a job of a process that was killed, which nobody has taken back in the end",
    judged: "violated",
    story: [enqueue(1), claim("a", 2, 1), fault("kill", "a", 10, 40), slow("b", 1_000, 1_400)],
    jobs: [lying(1, { state: "running", finishedAt: null })],
  },
  { guarantee: "G7", what: "a cancel that ends within its grace and a second", judged: "ok", ...cancelled(1_000) },
  { guarantee: "G7", what: "a cancel that ends later", judged: "violated", ...cancelled(1_200) },
  {
    guarantee: "G7",
    what: "a cancel that ends as much later as its process stood still",
    judged: "ok",
    story: [...cancelled(1_200).story, stall("a", 200, 400)],
    jobs: cancelled(1_200).jobs,
  },
  {
    guarantee: "G10",
    what: "a call that is answered within its bound",
    judged: "ok",
    story: [slow("a", 0, 5_900)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call that is answered later",
    judged: "violated",
    story: [slow("a", 0, 6_100)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call that is answered as much later as its process stood still",
    judged: "ok",
    story: [slow("a", 0, 6_100), fault("pause", "a for 300 ms", 100, 400)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call that is answered late while another process of the machine got no time",
    judged: "unknown",
    story: [slow("a", 0, 6_100), stall("b", 100, 400)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call that is answered late when the network had gone silent",
    judged: "ok",
    story: [slow("a", 0, 11_000), fault("cut", "all connections", 10, 20)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call without an answer, whose process lives on",
    judged: "violated",
    story: [["a", 0, null, { name: "prune" }], slow("a", 12_000, 12_001)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a call without an answer, whose process does not",
    judged: "ok",
    story: [["a", 0, null, { name: "prune" }], slow("b", 12_000, 12_001)],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "a claim that waits for as long as it takes",
    judged: "ok",
    story: [["a", 0, 60_000, { name: "claim", worker: "a", leaseMs: 100, waits: true }, { name: "claim", leases: [] }]],
    jobs: [],
  },
  {
    guarantee: "G10",
    what: "an error that is none of the store's",
    judged: "violated",
    story: [["a", 0, 1, { name: "prune" }, { name: "error", code: "unknown", isOutage: true }]],
    jobs: [],
  },
];

describe("the time of", () => {
  it.each(TALES)("$what: $guarantee is $judged", ({ guarantee, judged, story, jobs }) => {
    const { guarantees, judgement } = verdictOf(story, jobs);
    const verdict = guarantees.find((each) => each.guarantee === guarantee);
    expect(verdict?.judgement).toBe(judged);
    // Unknown is never sound.
    if (judged !== "ok") expect(judgement).not.toBe("ok");
  });

  it("is told in a story with the names of its processes, from its beginning on", () => {
    const born: Told = {
      type: "process",
      at: 0,
      process: "4711",
      name: "worker-3",
      pid: 4711,
      seed: 1,
      role: "worker",
    };
    const { violations } = verdictOf([born, enqueue(1, 70), claim("4711", 72, 1), claim("b", 80, 1, 2)], [lying(1)]);
    const story = violations.find(({ guarantee }) => guarantee === "G1")?.story ?? [];
    expect(story).toEqual([
      { from: 0, until: MS, process: "worker-3", said: "claimed it under token 1" },
      { from: 8 * MS, until: 9 * MS, process: "b", said: "claimed it under token 2" },
    ]);
  });

  it("tells how long it took until jobs of dead processes were taken back", () => {
    const { recoveries } = verdictOf(orphan(1_000).story, orphan(1_000).jobs);
    expect(recoveries).toHaveLength(1);
    expect(recoveries[0]).toMatchObject({ job: idOf(1), fault: "kill", process: "a", leaseMs: LEASE_MS, excusedMs: 0 });
    expect(recoveries[0]?.tookMs).toBeCloseTo(992, -1);
  });
});
