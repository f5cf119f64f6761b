import { resolveQueueSettings, type Queue, type QueueOverrides } from "../../core/queue.ts";
import { toDate } from "../sql/job-row.ts";
import type { NamedSql, Session } from "./session.ts";

const CONFIGURE: NamedSql = {
  name: "QUEUE_CONFIGURE",
  sql: `INSERT INTO millrace_queue (org, name, paused_at, settings) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (org, name) DO UPDATE SET paused_at = excluded.paused_at, settings = excluded.settings`,
};
const ONE: NamedSql = {
  name: "QUEUE_ONE",
  sql: `SELECT paused_at, settings FROM millrace_queue WHERE org = ? AND name = ?`,
};

/** Open jobs are counted from the narrow ticket tables; finished ones are never touched. */
const ALL: NamedSql = {
  name: "QUEUE_ALL",
  sql: `WITH open AS (
          SELECT lane, 'blocked' AS state, count(*) AS n, NULL AS oldest FROM millrace_blocked GROUP BY lane
          UNION ALL SELECT lane, 'scheduled', count(*), NULL FROM millrace_scheduled GROUP BY lane
          UNION ALL SELECT lane, 'queued', count(*), min(run_at) FROM millrace_ready GROUP BY lane
          UNION ALL SELECT lane, 'running', count(*), NULL FROM millrace_running GROUP BY lane
        )
        SELECT q.name, q.paused_at, q.settings,
          coalesce(sum(n) FILTER (WHERE state = 'blocked'), 0) AS blocked,
          coalesce(sum(n) FILTER (WHERE state = 'scheduled'), 0) AS scheduled,
          coalesce(sum(n) FILTER (WHERE state = 'queued'), 0) AS queued,
          coalesce(sum(n) FILTER (WHERE state = 'running'), 0) AS running,
          min(oldest) AS oldest
        FROM millrace_queue q
        LEFT JOIN millrace_lane l ON l.queue = q.id
        LEFT JOIN open ON open.lane = l.id
        WHERE q.org = ? GROUP BY q.id ORDER BY q.name`,
};

interface QueueRow {
  readonly name: string;
  readonly paused_at: number | null;
  readonly settings: string;
  readonly blocked: number;
  readonly scheduled: number;
  readonly queued: number;
  readonly running: number;
  readonly oldest: number | null;
}

/** As `Store.configureQueue`, inside a transaction. */
export function configureQueue(
  session: Session,
  org: string,
  name: string,
  change: { readonly isPaused?: boolean; readonly settings?: QueueOverrides },
): Queue {
  const before = session.get<{ paused_at: number | null; settings: string }>(ONE, org, name);
  const overrides = JSON.parse(before?.settings ?? "{}") as QueueOverrides;
  const settings: QueueOverrides = { ...overrides, ...change.settings };
  if (change.settings?.retention !== undefined) {
    Object.assign(settings, { retention: { ...overrides.retention, ...change.settings.retention } });
  }
  const pausedAt = pausedSince(before?.paused_at ?? null, change.isPaused, session.now());
  session.run(CONFIGURE, org, name, pausedAt, JSON.stringify(settings));
  session.wake("ready");
  const queue = readQueues(session, org).find((each) => each.name === name);
  if (queue === undefined) throw new Error(`the queue ${name} was written and cannot be read`);
  return queue;
}

function pausedSince(before: number | null, isPaused: boolean | undefined, now: number): number | null {
  if (isPaused === undefined) return before;
  return isPaused ? (before ?? now) : null;
}

export function readQueues(session: Session, org: string): readonly Queue[] {
  return session.all<QueueRow>(ALL, org).map((row) => ({
    name: row.name,
    isPaused: row.paused_at !== null,
    settings: resolveQueueSettings(JSON.parse(row.settings) as QueueOverrides),
    counts: { blocked: row.blocked, scheduled: row.scheduled, queued: row.queued, running: row.running },
    oldestReadyAt: toDate(row.oldest),
  }));
}
