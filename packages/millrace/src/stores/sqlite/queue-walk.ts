import { serves } from "../../core/lane.ts";
import { firstLaneId, laneOf, lanesOfKey } from "./lane-row.ts";
import { Line } from "./line.ts";
import type { NamedSql, Session } from "./session.ts";

/** The next lane that has work, from ?1 on and before ?2: one seek in millrace_ready_by_turn, however long the lanes. */
export const NEXT_LANE: NamedSql = {
  name: "CLAIM_NEXT_LANE",
  sql: `SELECT lane FROM millrace_ready WHERE lane >= ?1 AND lane < ?2 ORDER BY lane LIMIT 1`,
};

/** Where a worker stands in a queue, between its claims. */
export interface QueuePlace {
  /** The lane that was served last. */
  lastLane: number;
  /** Fairness keys of several lanes that had their turn in this round. */
  servedKeys: Set<string>;
}

export function newQueuePlace(queue: number): QueuePlace {
  return { lastLane: firstLaneId(queue), servedKeys: new Set() };
}

/**
 * One queue, walked lane by lane during one claim. Fairness keys take turns in the order of their lanes, each once a
 * round; the lanes of one key, which differ in the labels they require, are read as one line.
 */
export class QueueWalk {
  readonly #session: Session;
  readonly #queue: number;
  readonly #labels: ReadonlySet<string>;
  readonly #place: QueuePlace;
  readonly #lines = new Map<string, Line>();
  /** Some other key had work when it was last looked for; then nobody takes all. */
  #hasRivals: boolean | undefined;

  constructor(session: Session, queue: number, labels: ReadonlySet<string>, place: QueuePlace) {
    this.#session = session;
    this.#queue = queue;
    this.#labels = labels;
    this.#place = place;
  }

  /** Whether this worker would find anything; moves nothing. */
  hasWork(): boolean {
    let lane = this.#laneFrom(firstLaneId(this.#queue));
    while (lane !== undefined && !serves(laneOf(this.#session, lane), this.#labels)) lane = this.#laneFrom(lane + 1);
    return lane !== undefined;
  }

  /** Tickets of the key whose turn it is: all that is asked for if it is alone, else a share. Empty when none is left. */
  take(count: number): number[] {
    let hasWrapped = false;
    for (;;) {
      const lane = this.#laneFrom(this.#place.lastLane + 1);
      if (lane === undefined) {
        if (hasWrapped) return [];
        hasWrapped = true;
        this.#place.lastLane = firstLaneId(this.#queue);
        this.#place.servedKeys.clear();
        continue;
      }
      this.#place.lastLane = lane;
      const line = this.#lineOf(lane);
      if (line === undefined) continue;
      const taken = line.take(this.#isAlone(line) ? count : Math.max(1, Math.floor(count / 32)));
      if (taken.length > 0) return taken;
    }
  }

  #laneFrom(lane: number): number | undefined {
    return this.#session.get<{ lane: number }>(NEXT_LANE, lane, firstLaneId(this.#queue + 1))?.lane;
  }

  /** The line that a lane belongs to, if it is served here and has not had its turn in this round. */
  #lineOf(id: number): Line | undefined {
    const lane = laneOf(this.#session, id);
    if (!serves(lane, this.#labels)) return undefined;
    const key = lane.fairKey ?? "";
    let line = this.#lines.get(key);
    if (line === undefined) {
      const served = lanesOfKey(this.#session, this.#queue, lane.fairKey).filter((each) =>
        serves(laneOf(this.#session, each), this.#labels),
      );
      line = new Line(this.#session, served);
      this.#lines.set(key, line);
    }
    if (line.laneCount === 1) return line;
    if (this.#place.servedKeys.has(key)) return undefined;
    this.#place.servedKeys.add(key);
    return line;
  }

  /** Whether no other key has work that this worker may take. */
  #isAlone(line: Line): boolean {
    this.#hasRivals ??= this.#findsRival(line);
    return !this.#hasRivals;
  }

  #findsRival(line: Line): boolean {
    let lane = this.#laneFrom(firstLaneId(this.#queue));
    while (lane !== undefined) {
      if (!line.has(lane) && serves(laneOf(this.#session, lane), this.#labels)) return true;
      lane = this.#laneFrom(lane + 1);
    }
    return false;
  }
}
