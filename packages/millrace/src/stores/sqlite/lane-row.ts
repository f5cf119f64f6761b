import type { Lane } from "../../core/lane.ts";
import type { NamedSql, Session } from "./session.ts";

/**
 * The id of a lane begins with that of its queue, so that the lanes of a queue lie side by side in every index that
 * begins with the lane: queue × 2³² + a number that the queue never gives out twice.
 */
const LANES_PER_QUEUE = 2 ** 32;

export function firstLaneId(queue: number): number {
  return queue * LANES_PER_QUEUE;
}

const LANE: NamedSql = {
  name: "LANE_ONE",
  sql: `SELECT l.id, q.org, q.name AS queue, l.requires, l.fair_key FROM millrace_lane l
        JOIN millrace_queue q ON q.id = l.queue WHERE l.id = ?`,
};
const LANES_OF_KEY: NamedSql = {
  name: "LANE_OF_KEY",
  sql: `SELECT id FROM millrace_lane WHERE queue = ? AND fair_key = ?`,
};
const NEXT_ID: NamedSql = {
  name: "LANE_NEXT_ID",
  sql: `UPDATE millrace_queue SET last_lane = last_lane + 1 WHERE id = ? RETURNING last_lane`,
};
const ADD: NamedSql = {
  name: "LANE_ADD",
  sql: `INSERT INTO millrace_lane (id, queue, requires, fair_key) VALUES (?, ?, ?, ?)`,
};
const FIND: NamedSql = {
  name: "LANE_FIND",
  sql: `SELECT id FROM millrace_lane WHERE queue = ? AND fair_key = ? AND requires = ?`,
};

/** A lane with the organisation of its queue. Lanes never change, so one that was read stays read. */
export function laneOf(session: Session, id: number): Lane & { readonly org: string } {
  let lane = session.lanes.get(id);
  if (lane === undefined) {
    const row = session.get<{ id: number; org: string; queue: string; requires: string; fair_key: string }>(LANE, id);
    if (row === undefined) throw new Error(`lane ${id} has tickets but no row`);
    lane = {
      id,
      org: row.org,
      queue: row.queue,
      requires: JSON.parse(row.requires) as string[],
      fairKey: row.fair_key === "" ? null : row.fair_key,
    };
    session.lanes.set(id, lane);
  }
  return lane;
}

/** The lanes of a queue that share a fairness key and differ in what they require. */
export function lanesOfKey(session: Session, queue: number, fairKey: string | null): number[] {
  return session.all<{ id: number }>(LANES_OF_KEY, queue, fairKey ?? "").map((row) => row.id);
}

/** The id of a lane, made if it is new. */
export function internLane(session: Session, queue: number, requires: string, fairKey: string | null): number {
  const known = session.get<{ id: number }>(FIND, queue, fairKey ?? "", requires);
  if (known !== undefined) return known.id;
  const last = session.get<{ last_lane: number }>(NEXT_ID, queue)?.last_lane ?? 0;
  const id = firstLaneId(queue) + last;
  session.run(ADD, id, queue, requires, fairKey ?? "");
  return id;
}
