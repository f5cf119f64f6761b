import { describe, expect, test } from "vitest";
import { QueueTurns, type QueueChoice } from "../../core/lane.ts";
import { newQueuePlace, planDraws, type LaneHeads, type QueuePlace } from "./draw-plan.ts";

/** A lane with so many tickets, due one after the other from `from` on. */
function aLane(
  id: number,
  count: number,
  change: { fairKey?: string; from?: number; priority?: number } = {},
): LaneHeads {
  const { fairKey = null, from = 0, priority = 0 } = change;
  const heads = Array.from({ length: count }, (_, n) => ({ priority, run_at: from + n, job: id * 1_000 + n }));
  return { id, fairKey, heads: heads.toReversed() };
}

function plan(
  max: number,
  queues: Record<string, LaneHeads[]>,
  order: QueueChoice = { order: "turns" },
  places = new Map<string, QueuePlace>(),
): number[] {
  return planDraws({ max, queues: order }, new QueueTurns(), new Map(Object.entries(queues)), (queue) => {
    const place = places.get(queue) ?? newQueuePlace();
    places.set(queue, place);
    return place;
  });
}

describe("a plan of draws", () => {
  test("takes all from the only lane with work", () => {
    expect(plan(5, { mail: [aLane(1, 0), aLane(2, 9)] })).toEqual([2, 2, 2, 2, 2]);
  });

  test("takes what there is", () => {
    expect(plan(5, { mail: [aLane(1, 2)] })).toEqual([1, 1]);
    expect(plan(5, { mail: [] })).toEqual([]);
  });

  test("reads the lanes of one key as one line, the best head first", () => {
    const lanes = [aLane(1, 3, { from: 10 }), aLane(2, 3, { from: 11 }), aLane(3, 1, { priority: 5, from: 99 })];
    expect(plan(7, { mail: lanes })).toEqual([3, 1, 1, 2, 1, 2, 2]);
  });

  test("gives fairness keys their turns, and goes on where it stood", () => {
    const places = new Map<string, QueuePlace>();
    const lanes = (): LaneHeads[] => [1, 2, 3].map((id) => aLane(id, 9, { fairKey: `key-${id}` }));
    expect(plan(2, { mail: lanes() }, undefined, places)).toEqual([1, 2]);
    expect(plan(2, { mail: lanes() }, undefined, places)).toEqual([3, 1]);
  });

  test("serves queues in a strict order, one empty before the next", () => {
    const order = { order: "strict", names: ["b", "a"] } as const;
    expect(plan(4, { a: [aLane(1, 9)], b: [aLane(2, 2)] }, order)).toEqual([2, 2, 1, 1]);
  });

  test("serves queues by their weights", () => {
    const order = { order: "weighted", weights: new Map(Object.entries({ a: 3, b: 1 })) } as const;
    const drawn = plan(8, { a: [aLane(1, 99)], b: [aLane(2, 99)] }, order);
    expect(drawn.filter((lane) => lane === 1)).toHaveLength(6);
  });
});
