import type { QueueTurns } from "../../core/lane.ts";
import type { ClaimRequest } from "../../core/store.ts";

/** The beginning of a lane, as it was seen. */
export interface LaneHeads {
  readonly id: number;
  readonly fairKey: string | null;
  /** The best last, so that taking one is a pop. */
  readonly heads: Head[];
}

export interface Head {
  readonly priority: number;
  readonly run_at: number;
  readonly job: number;
}

/** Where a worker stands in a queue, between its claims. */
export interface QueuePlace {
  /** The lane that was served last. */
  lastLane: number;
  /** Fairness keys of several lanes that had their turn in this round. */
  readonly servedKeys: Set<string>;
}

export function newQueuePlace(): QueuePlace {
  return { lastLane: 0, servedKeys: new Set() };
}

/** So many turns a claim that fills up among rivals. */
const TURNS = 32;

/**
 * One queue during one claim. Fairness keys take turns in the order of their lanes, each once a round; the lanes of one
 * key, which differ in the labels they require, are read as one line: the best head first.
 */
class QueueLine {
  readonly #lanes: readonly LaneHeads[];
  readonly #place: QueuePlace;
  readonly #lanesByKey: ReadonlyMap<string, readonly LaneHeads[]>;

  constructor(lanes: readonly LaneHeads[], place: QueuePlace) {
    this.#lanes = lanes.toSorted((a, b) => a.id - b.id);
    this.#place = place;
    this.#lanesByKey = Map.groupBy(this.#lanes, (lane) => lane.fairKey ?? "");
  }

  /** Lanes to take a ticket of, of the key whose turn it is. Empty when none is left. */
  take(count: number): number[] {
    let hasWrapped = false;
    for (;;) {
      const lane = this.#lanes.find((each) => each.id > this.#place.lastLane && each.heads.length > 0);
      if (lane === undefined) {
        if (hasWrapped) return [];
        hasWrapped = true;
        this.#place.lastLane = 0;
        this.#place.servedKeys.clear();
        continue;
      }
      this.#place.lastLane = lane.id;
      const key = lane.fairKey ?? "";
      const line = this.#lanesByKey.get(key) ?? [];
      if (line.length > 1) {
        if (this.#place.servedKeys.has(key)) continue;
        this.#place.servedKeys.add(key);
      }
      return takeBest(line, this.#isAlone(key) ? count : Math.max(1, Math.floor(count / TURNS)));
    }
  }

  #isAlone(key: string): boolean {
    return this.#lanes.every((lane) => lane.heads.length === 0 || (lane.fairKey ?? "") === key);
  }
}

function takeBest(line: readonly LaneHeads[], count: number): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    let best: LaneHeads | undefined;
    for (const lane of line) {
      const head = lane.heads.at(-1);
      const bestHead = best?.heads.at(-1);
      if (head !== undefined && (bestHead === undefined || isBefore(head, bestHead))) best = lane;
    }
    if (best === undefined) break;
    best.heads.pop();
    taken.push(best.id);
  }
  return taken;
}

function isBefore(a: Head, b: Head): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.run_at === b.run_at ? a.job < b.job : a.run_at < b.run_at;
}

/**
 * Which lanes to take tickets from, one by one: queue by queue, turn by turn, until there are enough or no head is left.
 * @param queues what was seen of each queue that the worker serves, by name
 * @param places where the worker stands in each
 */
export function planDraws(
  request: Pick<ClaimRequest, "max" | "queues">,
  turns: QueueTurns,
  queues: ReadonlyMap<string, readonly LaneHeads[]>,
  places: (queue: string) => QueuePlace,
): number[] {
  const lines = new Map([...queues].map(([name, lanes]) => [name, new QueueLine(lanes, places(name))]));
  for (const [name, lanes] of queues) if (lanes.every(({ heads }) => heads.length === 0)) lines.delete(name);
  const picked: number[] = [];
  while (picked.length < request.max) {
    const name = turns.next(request.queues, [...lines.keys()]);
    const line = name === undefined ? undefined : lines.get(name);
    if (name === undefined || line === undefined) break;
    const left = request.max - picked.length;
    const isShared = lines.size > 1 && request.queues.order !== "strict";
    const taken = line.take(isShared ? Math.max(1, Math.floor(left / TURNS)) : left);
    picked.push(...taken);
    if (taken.length === 0) lines.delete(name);
  }
  return picked;
}
