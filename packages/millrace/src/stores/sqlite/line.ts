import type { NamedSql, Session } from "./session.ts";

/** Tickets of a lane looked at in one go while lanes take turns. */
const HEADS_PER_LOOK = 64;

/** The next tickets of a lane. Index: millrace_ready_by_turn, in order, so no sort. */
const HEADS: NamedSql = {
  name: "CLAIM_HEADS",
  sql: `SELECT job, priority, run_at FROM millrace_ready WHERE lane = ?1
        ORDER BY priority DESC, run_at, job LIMIT ?2 OFFSET ?3`,
};

interface Head {
  readonly job: number;
  readonly priority: number;
  readonly run_at: number;
}

interface OpenLane {
  readonly id: number;
  /** Last first, so that taking one is a pop. */
  heads: Head[];
  read: number;
  isDry: boolean;
}

/** The lanes of one fairness key, read as one line: the best head first. */
export class Line {
  readonly #session: Session;
  readonly #lanes: readonly OpenLane[];

  constructor(session: Session, lanes: readonly number[]) {
    this.#session = session;
    this.#lanes = lanes.map((id) => ({ id, heads: [], read: 0, isDry: false }));
  }

  get laneCount(): number {
    return this.#lanes.length;
  }

  has(lane: number): boolean {
    return this.#lanes.some((each) => each.id === lane);
  }

  /** Up to `count` next tickets; fewer when the line has ended. */
  take(count: number): number[] {
    const look = this.#lanes.length === 1 ? count : Math.min(count, HEADS_PER_LOOK);
    const taken: number[] = [];
    while (taken.length < count) {
      let best: OpenLane | undefined;
      for (const lane of this.#lanes) {
        if (lane.heads.length === 0 && !lane.isDry) this.#look(lane, look);
        const head = lane.heads.at(-1);
        const bestHead = best?.heads.at(-1);
        if (head !== undefined && (bestHead === undefined || isBefore(head, bestHead))) best = lane;
      }
      const head = best?.heads.pop();
      if (head === undefined) break;
      taken.push(head.job);
    }
    return taken;
  }

  #look(lane: OpenLane, count: number): void {
    lane.heads = this.#session.all<Head>(HEADS, lane.id, count, lane.read).toReversed();
    lane.read += lane.heads.length;
    lane.isDry = lane.heads.length < count;
  }
}

function isBefore(a: Head, b: Head): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.run_at === b.run_at ? a.job < b.job : a.run_at < b.run_at;
}
