import { resolveQueueSettings, type QueueOverrides, type Retention } from "../../core/queue.ts";
import type { FinalState } from "../../core/states.ts";
import type { UpkeepResult } from "../../core/store.ts";
import { numberArray } from "./arrays.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** Events are for watching, not for keeping. */
const EVENT_RETENTION_MS = 3_600_000;
/** But a webhook is told of all of them, also after a weekend without a server. */
const WEBHOOK_EVENT_RETENTION_MS = 72 * 3_600_000;
/** A worker that was not heard of for so long is forgotten. */
const WORKER_RETENTION_MS = 3_600_000;
const BATCH = 1_000;
/** So many jobs are looked at in one call; where outcomes are kept for unlike times, many are met again and again. */
const WALK_LIMIT = 100_000;
const EVENT_BATCH = 5_000;
const MOST_EVENT_BATCHES = 20;
const LAST_SEQ = "9223372036854775807";

const PRESENT: NamedSql = { name: "PRUNE_PRESENT", sql: `SELECT ${presentAt(1)} AS n` };
const QUEUES: NamedSql = { name: "PRUNE_QUEUES", sql: `SELECT id, settings FROM millrace.queue` };

/**
 * Lanes of the queues $1 whose oldest job was created by $2, and those of a fairness key without any.
 * Index: job_by_lane. Why rows are compared and not lanes: for the lowest seq of one lane the planner may as well walk
 * the primary key, which is fast where a lane has jobs and reads the whole table where it has none.
 */
const LANES: NamedSql = {
  name: "PRUNE_LANES",
  sql: `SELECT l.id, l.queue, oldest.seq IS NULL AS is_empty
        FROM unnest($1::text::bigint[], $2::text::bigint[]) AS v (queue, latest)
        JOIN millrace.lane l ON ${lookUp("l.queue", "v.queue")}
        LEFT JOIN LATERAL (
          SELECT j.seq, j.created_at FROM millrace.job j
          WHERE (j.lane, j.seq) >= (l.id, 0) AND (j.lane, j.seq) <= (l.id, ${LAST_SEQ}) ORDER BY j.lane, j.seq LIMIT 1
        ) oldest ON true
        WHERE oldest.created_at <= v.latest OR (oldest.seq IS NULL AND l.fair_key <> '')
        ORDER BY oldest.seq NULLS LAST`,
};

/**
 * Jobs of a lane from the oldest on, a batch behind $2. Nobody ends before being created, so the first that was created
 * within the retention ends the walk, and no index over the times of a million outcomes has to be kept for it.
 */
const OLDEST: NamedSql = {
  name: "PRUNE_OLDEST",
  sql: `SELECT j.seq, j.created_at, d.state, d.finished_at
        FROM (
          SELECT w.seq, w.created_at FROM millrace.job w
          WHERE (w.lane, w.seq) > ($1::text::bigint, $2::text::bigint) AND (w.lane, w.seq) <= ($1::text::bigint, ${LAST_SEQ})
          ORDER BY w.lane, w.seq LIMIT ${BATCH}
        ) j
        LEFT JOIN LATERAL (SELECT o.state, o.finished_at FROM millrace.done o WHERE o.job = j.seq OFFSET 0) d ON true
        ORDER BY j.seq`,
};
/** Of two processes that found the same jobs, each deletes those that it gets hold of. */
const HOLD: NamedSql = {
  name: "PRUNE_HOLD",
  sql: `SELECT seq FROM millrace.job WHERE seq = ANY ($1::text::bigint[]) ORDER BY seq FOR UPDATE SKIP LOCKED`,
};
/** Everything that hangs on a job, keys in the order in which an enqueue holds them: it comes for them at any time. */
const DELETIONS: readonly NamedSql[] = [
  ...["tag", "log", "attempt", "artifact", "late_report", "companion", "done"].map((table) => ({
    name: `PRUNE_${table.toUpperCase()}`,
    sql: `DELETE FROM millrace.${table} WHERE job = ANY ($1::text::bigint[])`,
  })),
  {
    name: "PRUNE_KEY",
    sql: `WITH held AS MATERIALIZED (
            SELECT k.ctid AS place FROM millrace.key k WHERE k.job = ANY ($1::text::bigint[])
            ORDER BY (k.org, k.kind, k.key) FOR UPDATE
          )
          DELETE FROM millrace.key k WHERE k.job = ANY ($1::text::bigint[])
            AND k.ctid = ANY (ARRAY (SELECT place FROM held))`,
  },
];
/** Answers the scopes that have lost a number. */
const JOBS: NamedSql = {
  name: "PRUNE_JOB",
  sql: `WITH gone AS (DELETE FROM millrace.job WHERE seq = ANY ($1::text::bigint[]) RETURNING scope, number)
        SELECT DISTINCT scope FROM gone WHERE number IS NOT NULL`,
};
/** The last thing of all: who enqueues waits for these rows. */
const MARK_HOLES: NamedSql = {
  name: "PRUNE_MARK_HOLES",
  sql: `WITH held AS MATERIALIZED (
          SELECT id FROM millrace.counter WHERE id = ANY ($1::text::bigint[]) AND NOT has_holes ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE millrace.counter SET has_holes = true WHERE id = ANY (ARRAY (SELECT id FROM held))`,
};

/**
 * A lane of a fairness key that no job refers to any more is deleted; those without one are few and stay.
 * Two statements: who writes to such a lane holds its row (FOR KEY SHARE) until the commit. So those that somebody
 * writes to are passed over here, and when the others are held, the next statement sees every job that was written to
 * them; who comes later waits, finds the lane gone and makes another.
 */
const HOLD_LANES: NamedSql = {
  name: "PRUNE_HOLD_LANES",
  sql: `SELECT id FROM millrace.lane WHERE id = ANY ($1::text::bigint[]) AND fair_key <> '' ORDER BY id FOR UPDATE SKIP LOCKED`,
};
const EMPTY_LANES: NamedSql = {
  name: "PRUNE_EMPTY_LANE",
  sql: `DELETE FROM millrace.lane l WHERE l.id = ANY ($1::text::bigint[])
        AND (SELECT j.lane FROM millrace.job j WHERE j.lane = l.id LIMIT 1) IS NULL RETURNING l.id`,
};

/** Keys that were held for a call which then wrote nothing. */
const PLACEHOLDERS: NamedSql = {
  name: "PRUNE_PLACEHOLDERS",
  sql: `DELETE FROM millrace.key WHERE ctid = ANY (ARRAY (
          SELECT k.ctid FROM millrace.key k WHERE k.job = 0 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)) AND job = 0`,
};
const EVENTS: NamedSql = {
  name: "PRUNE_EVENTS",
  sql: `DELETE FROM millrace.event WHERE ctid = ANY (ARRAY (
          SELECT e.ctid FROM millrace.event e ORDER BY e.made_by, e.id LIMIT ${EVENT_BATCH} FOR UPDATE SKIP LOCKED
        )) AND at < CASE WHEN EXISTS (SELECT 1 FROM millrace.webhook) THEN $2::text::bigint ELSE $1::text::bigint END`,
};
const WORKERS: NamedSql = {
  name: "PRUNE_WORKERS",
  sql: `DELETE FROM millrace.worker WHERE alive_until < $1::text::bigint`,
};

interface OldRow {
  readonly seq: number;
  readonly created_at: number;
  readonly state: FinalState | null;
  readonly finished_at: number | null;
}

type KeptMs = Readonly<Record<FinalState, number | null>>;

interface Pruned {
  readonly result: UpkeepResult;
  /** Lanes that are gone; their ids are not given out again. */
  readonly prunedLanes: readonly number[];
}

/**
 * As `Store.prune`, inside a transaction.
 * @param walked where the walk of a lane broke off, so that the next call goes on from there; the caller keeps it
 */
export async function pruneFinished(session: Session, limit: number, walked: Map<number, number>): Promise<Pruned> {
  const now = (await session.get<{ n: number }>(PRESENT, session.now()))?.n;
  if (now === undefined) throw new Error("the database did not tell the time");
  const keptByQueue = await readKept(session);
  const lanes = await session.all<{ id: number; queue: number; is_empty: boolean }>(
    LANES,
    numberArray([...keptByQueue.keys()]),
    numberArray([...keptByQueue.values()].map((keptMs) => now - shortestOf(keptMs))),
  );
  const expired: number[] = [];
  const emptied: number[] = [];
  const walk = { left: WALK_LIMIT, walked };
  for (const { id, queue, is_empty: isEmpty } of lanes) {
    const keptMs = keptByQueue.get(queue);
    if (isEmpty || keptMs === undefined) continue;
    const found = await expiredOf(session, id, keptMs, now, limit - expired.length, walk);
    expired.push(...found);
    if (found.length > 0) emptied.push(id);
  }
  // A lane is empty for a moment before its first job is written. Who is called again and again, one call at the heels
  // of the other, would take it away each time, so this is left for the last.
  if (expired.length < limit) emptied.push(...lanes.filter((lane) => lane.is_empty).map(({ id }) => id));
  const { count, prunedLanes } = await deleteJobs(session, expired, emptied);
  await session.run(PLACEHOLDERS);
  await pruneEvents(session, now);
  await session.run(WORKERS, now - WORKER_RETENTION_MS);
  return { result: { count, nextInMs: null }, prunedLanes };
}

/** By the id of each queue that does not keep everything for ever. */
async function readKept(session: Session): Promise<ReadonlyMap<number, KeptMs>> {
  const rows = await session.all<{ id: number; settings: string }>(QUEUES);
  const kept = rows.map(({ id, settings }) => {
    const { retention } = resolveQueueSettings(JSON.parse(settings) as QueueOverrides);
    return [id, keptMsOf(retention)] as const;
  });
  return new Map(kept.filter(([, keptMs]) => Number.isFinite(shortestOf(keptMs))));
}

function keptMsOf({ completedMs, failedMs, cancelledMs }: Retention): KeptMs {
  return { completed: completedMs, failed: failedMs, cancelled: cancelledMs };
}

function shortestOf(keptMs: KeptMs): number {
  return Math.min(...Object.values(keptMs).map((ms) => ms ?? Number.POSITIVE_INFINITY));
}

async function expiredOf(
  session: Session,
  lane: number,
  keptMs: KeptMs,
  now: number,
  limit: number,
  walk: { left: number; readonly walked: Map<number, number> },
): Promise<number[]> {
  const latest = now - shortestOf(keptMs);
  const expired: number[] = [];
  let last = walk.walked.get(lane) ?? 0;
  while (expired.length < limit && walk.left > 0) {
    const rows = await session.all<OldRow>(OLDEST, lane, last);
    for (const row of rows) {
      if (row.created_at > latest || expired.length >= limit) break;
      const ms = row.state === null ? null : keptMs[row.state];
      if (ms !== null && row.finished_at !== null && row.finished_at <= now - ms) expired.push(row.seq);
      last = row.seq;
    }
    walk.left -= rows.length;
    if (rows.length < BATCH || rows.some((row) => row.created_at > latest)) {
      // At the end, or at the first that is too young: the next call begins at the oldest again.
      if (expired.length < limit) {
        walk.walked.delete(lane);
        return expired;
      }
    }
  }
  walk.walked.set(lane, last);
  return expired;
}

async function deleteJobs(
  session: Session,
  expired: readonly number[],
  lanes: readonly number[],
): Promise<{ readonly count: number; readonly prunedLanes: readonly number[] }> {
  const held = expired.length === 0 ? [] : await session.all<{ seq: number }>(HOLD, numberArray(expired));
  const list = numberArray(held.map(({ seq }) => seq));
  let scopes: readonly { readonly scope: number }[] = [];
  if (held.length > 0) {
    for (const statement of DELETIONS) await session.run(statement, list);
    scopes = await session.all<{ scope: number }>(JOBS, list);
  }
  const prunedLanes = lanes.length === 0 ? [] : await pruneLanes(session, lanes);
  if (scopes.length > 0) await session.run(MARK_HOLES, numberArray(scopes.map(({ scope }) => scope)));
  return { count: held.length, prunedLanes };
}

async function pruneLanes(session: Session, lanes: readonly number[]): Promise<readonly number[]> {
  const held = await session.all<{ id: number }>(HOLD_LANES, numberArray(lanes));
  if (held.length === 0) return [];
  const pruned = await session.all<{ id: number }>(EMPTY_LANES, numberArray(held.map(({ id }) => id)));
  return pruned.map(({ id }) => id);
}

async function pruneEvents(session: Session, now: number): Promise<void> {
  const before = [now - EVENT_RETENTION_MS, now - WEBHOOK_EVENT_RETENTION_MS] as const;
  for (let batches = 0; batches < MOST_EVENT_BATCHES; batches++) {
    if ((await session.run(EVENTS, ...before)) < EVENT_BATCH) return;
  }
}
