// What `packages/millrace/src/stores/sqlite/{claim,line,settle,events}.ts` say to SQLite in the steady state, in the
// same shape; a test of nothing but the database. Only the read of what was claimed takes fewer columns.

export const HEADS = `
  SELECT job FROM millrace_ready WHERE lane = ? ORDER BY priority DESC, run_at, job LIMIT ?`;

export const START = `
  INSERT INTO millrace_running (job, lane, priority, run_at, attempt, token, started_at, worker, attempt_started_at, lease_until)
  SELECT job, lane, priority, run_at, attempt + 1, token + 1,
         coalesce(started_at, max(@now, run_at)), @worker, max(@now, run_at, coalesce(started_at, 0)), @now + @lease
  FROM millrace_ready WHERE job IN (SELECT value FROM json_each(@jobs))`;

export const LEAVE_READY = `DELETE FROM millrace_ready WHERE job IN (SELECT value FROM json_each(?))`;

export const CLAIMED = `
  SELECT j.id, j.payload, r.token
  FROM json_each(?) e
  CROSS JOIN millrace_running r ON r.job = e.value
  CROSS JOIN millrace_job j ON j.seq = r.job
  ORDER BY e.key`;

export const COMPLETE = `
  INSERT INTO millrace_done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at, result, percent, message)
  SELECT r.job, 'completed', r.attempt, r.token, 'worker', r.worker, r.started_at, r.attempt_started_at,
         max(@now, r.attempt_started_at), substr(e.value, 47), r.percent, r.message
  FROM json_each(@rows) e
  CROSS JOIN millrace_job j ON j.id = substr(e.value, 1, 30)
  CROSS JOIN millrace_running r ON r.job = j.seq AND r.token = CAST(substr(e.value, 31, 16) AS INTEGER)
  WHERE r.cancel_requested_at IS NULL
  RETURNING job`;

export const LEAVE_RUNNING = `DELETE FROM millrace_running WHERE job IN (SELECT value FROM json_each(?))`;

export const JOURNAL = `INSERT INTO millrace_event (at, type, jobs) VALUES (?, ?, ?)`;

export const LANE = `SELECT id FROM millrace_lane LIMIT 1`;

export const COMPLETED_COUNT = `SELECT count(*) FROM millrace_done WHERE state = 'completed'`;
