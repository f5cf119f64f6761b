import { lookUpRow } from "../statements.ts";

/** How the view of a job gets at a row of another table by its key. */
type Join = (table: string, name: string, condition: string) => string;

/** For jobs that one knows. */
export const LOOKED_UP: Join = lookUpRow;
/** Whichever way suits the planner, for a person who asks for many jobs at once. */
export const JOINED: Join = (table, name, condition) => `JOIN millrace.${table} ${name} ON ${condition}`;

/** One row for each job with its state, wherever its ticket lies. */
export const jobNow = (join: Join): string => `SELECT
  j.seq, j.id, j.number, c.scope, q.name AS queue, q.org, j.kind, j.payload,
  CASE
    WHEN d.job IS NOT NULL THEN d.state
    WHEN r.job IS NOT NULL THEN 'running'
    WHEN y.job IS NOT NULL THEN 'queued'
    WHEN s.job IS NOT NULL THEN 'scheduled'
    WHEN b.job IS NOT NULL THEN 'blocked'
  END AS state,
  j.priority,
  coalesce(d.attempt, r.attempt, y.attempt, s.attempt, b.attempt) AS attempt,
  j.max_attempts, j.timeout_ms, j.backoff,
  coalesce(r.run_at, y.run_at, s.run_at, b.run_at, j.run_at) AS run_at,
  j.created_at,
  coalesce(d.started_at, r.started_at, y.started_at, s.started_at, b.started_at) AS started_at,
  d.finished_at, d.result,
  CASE WHEN d.job IS NULL
    THEN (SELECT a.error FROM millrace.attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1)
    ELSE d.error
  END AS error,
  coalesce(r.percent, d.percent) AS percent, coalesce(r.message, d.message) AS message,
  j.created_by, j."group", j.tags, l.requires, l.fair_key, j.key, j.retry_of,
  CASE WHEN d.job IS NULL
    THEN coalesce(r.worker, (SELECT a.worker FROM millrace.attempt a WHERE a.job = j.seq ORDER BY a.token DESC LIMIT 1))
    ELSE d.worker
  END AS worker,
  coalesce(r.cancel_requested_at, d.cancel_requested_at) AS cancel_requested_at,
  coalesce(r.cancelled_by, d.cancelled_by) AS cancelled_by,
  coalesce(r.cancel_reason, d.cancel_reason) AS cancel_reason
FROM millrace.job j
${join("lane", "l", "l.id = j.lane")}
${join("queue", "q", "q.id = l.queue")}
${join("counter", "c", "c.id = j.scope")}
LEFT ${join("done", "d", "d.job = j.seq")}
LEFT ${join("running", "r", "r.job = j.seq")}
LEFT ${join("ready", "y", "y.job = j.seq")}
LEFT ${join("scheduled", "s", "s.job = j.seq")}
LEFT ${join("blocked", "b", "b.job = j.seq")}`;
