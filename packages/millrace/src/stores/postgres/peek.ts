import { numberArray } from "./arrays.ts";
import type { KnownLane } from "./catalog.ts";
import type { Head } from "./draw-plan.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/** So many lanes are looked into at once; of more, those with work are looked for first. */
export const MOST_LANES = 64;
/** Tickets of a lane looked at in one go while many lanes take turns. */
const MOST_HEADS = 64;
const FEW_LANES = 8;

/** The next tickets of each lane, moved by nobody yet. Index: ready_by_turn, in order, so no sort. */
const HEADS: NamedSql = {
  name: "CLAIM_HEADS",
  sql: `SELECT v.lane, h.priority, h.run_at, h.job FROM unnest($1::text::bigint[]) AS v (lane)
        CROSS JOIN LATERAL (
          SELECT y.priority, y.run_at, y.job FROM millrace.ready y WHERE y.lane = v.lane
          ORDER BY y.priority DESC, y.run_at, y.job LIMIT $2::text::bigint
        ) h`,
};

/** The next lanes that have work, after $1 and before $2: one seek in ready_by_turn for each, however long they are. */
const NEXT_LANES: NamedSql = {
  name: "CLAIM_NEXT_LANE",
  sql: `WITH RECURSIVE step (lane, n) AS (
      (SELECT y.lane, 1 FROM millrace.ready y WHERE y.lane > $1::text::bigint AND y.lane < $2::text::bigint ORDER BY y.lane LIMIT 1)
      UNION ALL
      SELECT (SELECT y.lane FROM millrace.ready y WHERE y.lane > step.lane AND y.lane < $2::text::bigint ORDER BY y.lane LIMIT 1), n + 1
      FROM step WHERE step.lane IS NOT NULL AND n < $3::text::bigint
    )
    SELECT lane FROM step WHERE lane IS NOT NULL`,
};

interface HeadRow extends Head {
  readonly lane: number;
}

/** The beginnings of these lanes by lane, the best last; a lane without work is left out. */
export async function peek(
  session: Session,
  lanes: readonly KnownLane[],
  max: number,
): Promise<ReadonlyMap<number, Head[]>> {
  const ids = numberArray(lanes.map(({ id }) => id));
  const rows = await session.all<HeadRow>(HEADS, ids, lanes.length <= FEW_LANES ? max : Math.min(max, MOST_HEADS));
  return Map.groupBy(rows.toReversed(), (row) => row.lane);
}

/** Lanes that have work and are among the served ones, beginning behind `after` and from the first one again. */
export async function lanesWithWork(
  session: Session,
  queue: number,
  served: readonly KnownLane[],
  after: number,
): Promise<readonly KnownLane[]> {
  const byId = new Map(served.map((lane) => [lane.id, lane]));
  const first = queue * 2 ** 32;
  const last = (queue + 1) * 2 ** 32;
  const found = new Map<number, KnownLane>();
  const start = Math.max(after, first);
  for (const [from, to] of [
    [start, last],
    [first, start + 1],
  ] as const) {
    let at = from;
    while (found.size < MOST_LANES) {
      const rows = await session.all<{ lane: number }>(NEXT_LANES, at, to, MOST_LANES);
      for (const { lane } of rows) {
        const known = byId.get(lane);
        if (known !== undefined) found.set(lane, known);
      }
      if (rows.length < MOST_LANES) break;
      at = rows.at(-1)?.lane ?? to;
    }
  }
  return [...found.values()];
}
