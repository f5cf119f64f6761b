import { resolveQueueSettings, type QueueOverrides } from "../../core/queue.ts";
import type { FinalState } from "../../core/states.ts";
import type { UpkeepResult } from "../../core/store.ts";
import type { NamedSql, Session } from "./session.ts";

/** Events are for watching, not for keeping. */
const EVENT_RETENTION_MS = 3_600_000;
/** But a webhook is told of all of them, also after a weekend without a server. */
const WEBHOOK_EVENT_RETENTION_MS = 72 * 3_600_000;
/** A worker that was not heard of for so long is forgotten. */
const WORKER_RETENTION_MS = 3_600_000;

const LANES: NamedSql = {
  name: "PRUNE_LANES_WITH_JOBS",
  sql: `SELECT l.id, q.settings FROM millrace_lane l JOIN millrace_queue q ON q.id = l.queue`,
};

/**
 * Jobs of a lane from the oldest on. Nobody ends before being created, so the first that was created within the
 * retention ends the walk, and no index over the times of a million outcomes has to be kept for it.
 */
const OLDEST: NamedSql = {
  name: "PRUNE_OLDEST",
  sql: `SELECT j.seq, j.created_at, d.state, d.finished_at FROM millrace_job j LEFT JOIN millrace_done d ON d.job = j.seq
        WHERE j.lane = ? ORDER BY j.seq`,
};
/** Everything that hangs on a job, and the job last. */
const DELETIONS: readonly NamedSql[] = [
  ...["tag", "key", "log", "attempt", "done"].map((table) => ({
    name: `PRUNE_${table.toUpperCase()}`,
    sql: `DELETE FROM millrace_${table} WHERE job IN (SELECT value FROM json_each(?))`,
  })),
  { name: "PRUNE_JOB", sql: `DELETE FROM millrace_job WHERE seq IN (SELECT value FROM json_each(?))` },
];
/** A lane of a fairness key that no job refers to any more; those without one are few and stay. */
const EMPTY_LANE: NamedSql = {
  name: "PRUNE_EMPTY_LANE",
  sql: `DELETE FROM millrace_lane WHERE id = ? AND fair_key <> ''
        AND NOT EXISTS (SELECT 1 FROM millrace_job j WHERE j.lane = millrace_lane.id)`,
};
const MARK_HOLES: NamedSql = {
  name: "PRUNE_MARK_HOLES",
  sql: `UPDATE millrace_counter SET has_holes = 1 WHERE has_holes = 0
        AND id IN (SELECT scope FROM millrace_job WHERE seq IN (SELECT value FROM json_each(?)))`,
};
/** Those in front of the first that is kept: the journal is in the order of time, and not read any further. */
const EVENTS: NamedSql = {
  name: "PRUNE_EVENTS",
  sql: `DELETE FROM millrace_event WHERE id < coalesce((
          SELECT id FROM millrace_event
          WHERE at >= CASE WHEN EXISTS (SELECT 1 FROM millrace_webhook) THEN ?2 ELSE ?1 END
          ORDER BY id LIMIT 1), 9223372036854775807)`,
};
const WORKERS: NamedSql = { name: "PRUNE_WORKERS", sql: `DELETE FROM millrace_worker WHERE alive_until < ?` };

interface OldRow {
  readonly seq: number;
  readonly created_at: number;
  readonly state: FinalState | null;
  readonly finished_at: number | null;
}

/** As `Store.prune`, inside a transaction. */
export function pruneFinished(session: Session, limit: number): UpkeepResult {
  const now = session.now();
  let count = 0;
  for (const lane of session.all<{ id: number; settings: string }>(LANES)) {
    if (count >= limit) break;
    const { retention } = resolveQueueSettings(JSON.parse(lane.settings) as QueueOverrides);
    const keptMs = { completed: retention.completedMs, failed: retention.failedMs, cancelled: retention.cancelledMs };
    const expired = expiredOf(session, lane.id, keptMs, now, limit - count);
    if (expired.length === 0) continue;
    count += expired.length;
    deleteJobs(session, lane.id, JSON.stringify(expired));
  }
  session.run(EVENTS, now - EVENT_RETENTION_MS, now - WEBHOOK_EVENT_RETENTION_MS);
  session.run(WORKERS, now - WORKER_RETENTION_MS);
  return { count, nextInMs: null };
}

function expiredOf(
  session: Session,
  lane: number,
  keptMs: Readonly<Record<FinalState, number | null>>,
  now: number,
  limit: number,
): number[] {
  const shortest = Math.min(...Object.values(keptMs).map((ms) => ms ?? Number.POSITIVE_INFINITY));
  const expired: number[] = [];
  for (const row of session.each<OldRow>(OLDEST, lane)) {
    if (row.created_at > now - shortest || expired.length >= limit) break;
    const ms = row.state === null ? null : keptMs[row.state];
    if (ms !== null && row.finished_at !== null && row.finished_at <= now - ms) expired.push(row.seq);
  }
  return expired;
}

function deleteJobs(session: Session, lane: number, list: string): void {
  session.run(MARK_HOLES, list);
  for (const statement of DELETIONS) session.run(statement, list);
  if (session.run(EMPTY_LANE, lane) > 0) session.lanes.clear();
}
