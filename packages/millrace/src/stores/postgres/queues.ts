import { resolveQueueSettings, type Queue, type QueueOverrides } from "../../core/queue.ts";
import { toDate } from "../sql/job-row.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const ADD: NamedSql = {
  name: "QUEUE_ADD",
  sql: `INSERT INTO millrace.queue (org, name) VALUES ($1::text, $2::text) ON CONFLICT (org, name) DO NOTHING`,
};
/** Holds the row until the commit, so that of two changes at once neither is lost; lanes may be added to it meanwhile. */
const HOLD: NamedSql = {
  name: "QUEUE_HOLD",
  sql: `SELECT settings FROM millrace.queue WHERE org = $1::text AND name = $2::text FOR NO KEY UPDATE`,
};
/** A queue that is paused already stays paused since then. */
const CONFIGURE: NamedSql = {
  name: "QUEUE_CONFIGURE",
  sql: `UPDATE millrace.queue SET settings = $3::text, paused_at = CASE $4::text::boolean
          WHEN true THEN coalesce(paused_at, ${presentAt(5)}) WHEN false THEN NULL ELSE paused_at END
        WHERE org = $1::text AND name = $2::text`,
};

/** Open jobs are counted from the narrow ticket tables; finished ones are never touched. */
const ALL: NamedSql = {
  name: "QUEUE_ALL",
  sql: `SELECT q.name, q.paused_at, q.settings, coalesce(o.blocked, 0) AS blocked, coalesce(o.scheduled, 0) AS scheduled,
          coalesce(o.queued, 0) AS queued, coalesce(o.running, 0) AS running, o.oldest
        FROM millrace.queue q
        LEFT JOIN (
          SELECT l.queue, min(t.oldest) AS oldest,
            sum(t.n) FILTER (WHERE t.state = 'blocked')::bigint AS blocked,
            sum(t.n) FILTER (WHERE t.state = 'scheduled')::bigint AS scheduled,
            sum(t.n) FILTER (WHERE t.state = 'queued')::bigint AS queued,
            sum(t.n) FILTER (WHERE t.state = 'running')::bigint AS running
          FROM (
            SELECT lane, 'blocked' AS state, count(*) AS n, NULL::bigint AS oldest FROM millrace.blocked GROUP BY lane
            UNION ALL SELECT lane, 'scheduled', count(*), NULL FROM millrace.scheduled GROUP BY lane
            UNION ALL SELECT lane, 'queued', count(*), min(run_at) FROM millrace.ready GROUP BY lane
            UNION ALL SELECT lane, 'running', count(*), NULL FROM millrace.running GROUP BY lane
          ) t
          CROSS JOIN LATERAL (SELECT l.queue FROM millrace.lane l WHERE l.id = t.lane OFFSET 0) l
          GROUP BY l.queue
        ) o ON o.queue = q.id
        WHERE q.org = $1::text ORDER BY q.name COLLATE "C"`,
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

/** As `Store.configureQueue`, inside a transaction; how the queue stands afterwards is read by itself. */
export async function configureQueue(
  session: Session,
  org: string,
  name: string,
  change: { readonly isPaused?: boolean; readonly settings?: QueueOverrides },
): Promise<void> {
  const overrides = await holdQueue(session, org, name);
  const settings: QueueOverrides = { ...overrides, ...change.settings };
  if (change.settings?.retention !== undefined) {
    Object.assign(settings, { retention: { ...overrides.retention, ...change.settings.retention } });
  }
  await session.run(CONFIGURE, org, name, JSON.stringify(settings), change.isPaused ?? null, session.now());
  session.wake("ready");
}

/** What is stored for the queue; made if it is new. Asked first, since every try to make one takes an id. */
async function holdQueue(session: Session, org: string, name: string): Promise<QueueOverrides> {
  let held = await session.get<{ settings: string }>(HOLD, org, name);
  if (held === undefined) {
    await session.run(ADD, org, name);
    held = await session.get<{ settings: string }>(HOLD, org, name);
  }
  return JSON.parse(held?.settings ?? "{}") as QueueOverrides;
}

export async function readQueues(session: Session, org: string): Promise<readonly Queue[]> {
  return (await session.all<QueueRow>(ALL, org)).map((row) => ({
    name: row.name,
    isPaused: row.paused_at !== null,
    settings: resolveQueueSettings(JSON.parse(row.settings) as QueueOverrides),
    counts: { blocked: row.blocked, scheduled: row.scheduled, queued: row.queued, running: row.running },
    oldestReadyAt: toDate(row.oldest),
  }));
}
