import type { Migration } from "../../sql/migration.ts";

/**
 * A job row is written once; its ticket lies in exactly one of blocked, scheduled, ready, running and done.
 * Instants are milliseconds since the epoch. Names carry the prefix because the file may be the user's own database.
 */
export const membership: Migration = {
  version: 1,
  name: "membership",
  isCompatible: true,
  sql: `
CREATE TABLE millrace_queue (
  id        INTEGER PRIMARY KEY,
  org       TEXT NOT NULL,
  name      TEXT NOT NULL,
  paused_at INTEGER,
  settings  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
  last_lane INTEGER NOT NULL DEFAULT 0 CHECK (last_lane BETWEEN 0 AND 4294967295),
  UNIQUE (org, name)
) STRICT;

-- What a claim chooses: jobs that the same workers can run, and that share a turn. An id is its queue's times 2^32 plus
-- a number given out once, so that a queue's lanes lie together and a claim can jump from one to the next with work.
CREATE TABLE millrace_lane (
  id       INTEGER PRIMARY KEY,
  queue    INTEGER NOT NULL REFERENCES millrace_queue (id),
  requires TEXT NOT NULL CHECK (json_valid(requires)),
  fair_key TEXT NOT NULL,
  UNIQUE (queue, fair_key, requires)
) STRICT;

-- The last number given out; raised in the transaction that writes what is numbered.
CREATE TABLE millrace_counter (
  id    INTEGER PRIMARY KEY,
  org   TEXT NOT NULL,
  scope TEXT NOT NULL,
  last  INTEGER NOT NULL CHECK (last BETWEEN 0 AND 9007199254740991),
  -- 1 once a number belongs to no job: it was pruned, adopted, or given to a row of the user's own.
  has_holes INTEGER NOT NULL DEFAULT 0 CHECK (has_holes IN (0, 1)),
  UNIQUE (org, scope)
) STRICT;

-- The facts. Never updated.
CREATE TABLE millrace_job (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE CHECK (length(id) = 30),
  lane         INTEGER NOT NULL REFERENCES millrace_lane (id),
  kind         TEXT NOT NULL,
  payload      TEXT NOT NULL,
  scope        INTEGER NOT NULL REFERENCES millrace_counter (id),
  number       INTEGER CHECK (number >= 1),
  priority     INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
  timeout_ms   INTEGER CHECK (timeout_ms >= 1),
  backoff      TEXT CHECK (json_valid(backoff)),
  run_at       INTEGER NOT NULL,
  key          TEXT,
  "group"      TEXT,
  tags         TEXT CHECK (json_valid(tags)),
  created_by   TEXT,
  retry_of     TEXT,
  created_at   INTEGER NOT NULL,
  CHECK (run_at >= created_at)
) STRICT;
CREATE UNIQUE INDEX millrace_job_by_number ON millrace_job (scope, number) WHERE number IS NOT NULL;
CREATE INDEX millrace_job_by_lane ON millrace_job (lane);
CREATE INDEX millrace_job_by_kind ON millrace_job (kind);
CREATE INDEX millrace_job_by_group ON millrace_job ("group") WHERE "group" IS NOT NULL;

CREATE TRIGGER millrace_job_never_changes BEFORE UPDATE ON millrace_job
BEGIN SELECT raise(ABORT, 'millrace: a job row never changes'); END;

CREATE TABLE millrace_ready (
  job        INTEGER PRIMARY KEY REFERENCES millrace_job (seq),
  lane       INTEGER NOT NULL,
  priority   INTEGER NOT NULL,
  run_at     INTEGER NOT NULL,
  attempt    INTEGER NOT NULL CHECK (attempt >= 0),
  token      INTEGER NOT NULL CHECK (token >= attempt),
  started_at INTEGER
) STRICT;
CREATE INDEX millrace_ready_by_turn ON millrace_ready (lane, priority DESC, run_at, job);

CREATE TABLE millrace_scheduled (
  job        INTEGER PRIMARY KEY REFERENCES millrace_job (seq),
  lane       INTEGER NOT NULL,
  priority   INTEGER NOT NULL,
  run_at     INTEGER NOT NULL,
  attempt    INTEGER NOT NULL CHECK (attempt >= 0),
  token      INTEGER NOT NULL CHECK (token >= attempt),
  started_at INTEGER
) STRICT;
CREATE INDEX millrace_scheduled_by_due ON millrace_scheduled (run_at);

CREATE TABLE millrace_blocked (
  job        INTEGER PRIMARY KEY REFERENCES millrace_job (seq),
  lane       INTEGER NOT NULL,
  priority   INTEGER NOT NULL,
  run_at     INTEGER NOT NULL,
  attempt    INTEGER NOT NULL CHECK (attempt >= 0),
  token      INTEGER NOT NULL CHECK (token >= attempt),
  started_at INTEGER
) STRICT;

CREATE TABLE millrace_running (
  job                 INTEGER PRIMARY KEY REFERENCES millrace_job (seq),
  lane                INTEGER NOT NULL,
  priority            INTEGER NOT NULL,
  run_at              INTEGER NOT NULL,
  attempt             INTEGER NOT NULL CHECK (attempt >= 1),
  token               INTEGER NOT NULL CHECK (token >= attempt),
  started_at          INTEGER NOT NULL,
  worker              TEXT NOT NULL,
  attempt_started_at  INTEGER NOT NULL,
  lease_until         INTEGER NOT NULL,
  cancel_requested_at INTEGER,
  cancel_until        INTEGER,
  cancelled_by        TEXT,
  cancel_reason       TEXT,
  percent             REAL CHECK (percent BETWEEN 0 AND 100),
  message             TEXT,
  CHECK (attempt_started_at >= started_at),
  CHECK ((cancel_requested_at IS NULL) = (cancel_until IS NULL))
) STRICT;
CREATE INDEX millrace_running_cancelling ON millrace_running (worker) WHERE cancel_requested_at IS NOT NULL;

-- Outcomes. Never updated.
CREATE TABLE millrace_done (
  job                INTEGER PRIMARY KEY REFERENCES millrace_job (seq),
  state              TEXT NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled')),
  attempt            INTEGER NOT NULL,
  token              INTEGER NOT NULL,
  -- Who ended it: the worker that held it, a lease that ran out, or a cancel.
  ended_by           TEXT NOT NULL CHECK (ended_by IN ('worker', 'lease', 'cancel')),
  worker             TEXT,
  started_at         INTEGER,
  attempt_started_at INTEGER,
  finished_at        INTEGER NOT NULL,
  result             TEXT,
  error              TEXT CHECK (json_valid(error)),
  cancel_requested_at INTEGER,
  cancelled_by       TEXT,
  cancel_reason      TEXT,
  percent            REAL,
  message            TEXT,
  CHECK (finished_at >= attempt_started_at),
  CHECK (attempt_started_at >= started_at),
  CHECK (state = 'cancelled' OR started_at IS NOT NULL),
  CHECK ((state = 'completed') = (result IS NOT NULL)),
  CHECK ((state = 'failed') = (error IS NOT NULL))
) STRICT;
-- Most jobs complete; those are found by walking \`millrace_done\` itself, and ending one costs no index.
CREATE INDEX millrace_done_unusual ON millrace_done (state) WHERE state <> 'completed';

CREATE TRIGGER millrace_done_is_final BEFORE UPDATE ON millrace_done
BEGIN SELECT raise(ABORT, 'millrace: a finished job never changes'); END;

-- Attempts that did not end their job. The token names them: an attempt that was given back is counted twice.
CREATE TABLE millrace_attempt (
  job        INTEGER NOT NULL REFERENCES millrace_job (seq),
  token      INTEGER NOT NULL,
  attempt    INTEGER NOT NULL,
  ending     TEXT NOT NULL CHECK (ending IN ('failed', 'snoozed', 'released', 'lost')),
  worker     TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  error      TEXT CHECK (json_valid(error)),
  PRIMARY KEY (job, token),
  CHECK (ended_at >= started_at)
) STRICT, WITHOUT ROWID;

-- The newest job of each key. Whether it lives is asked of done, so ending a job costs nothing here.
CREATE TABLE millrace_key (
  org  TEXT NOT NULL,
  kind TEXT NOT NULL,
  key  TEXT NOT NULL,
  job  INTEGER NOT NULL REFERENCES millrace_job (seq),
  PRIMARY KEY (org, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX millrace_key_by_job ON millrace_key (job);

CREATE TABLE millrace_tag (
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  job   INTEGER NOT NULL REFERENCES millrace_job (seq),
  PRIMARY KEY (name, value, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX millrace_tag_by_job ON millrace_tag (job);

CREATE TABLE millrace_worker (
  id          TEXT PRIMARY KEY,
  org         TEXT NOT NULL,
  name        TEXT NOT NULL,
  host        TEXT,
  pid         INTEGER,
  queues      TEXT CHECK (json_valid(queues)),
  labels      TEXT NOT NULL CHECK (json_valid(labels)),
  concurrency INTEGER NOT NULL,
  started_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  alive_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE millrace_schedule (
  org       TEXT NOT NULL,
  name      TEXT NOT NULL,
  cron      TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  request   TEXT NOT NULL CHECK (json_valid(request)),
  next_at   INTEGER,
  last_at   INTEGER,
  PRIMARY KEY (org, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE millrace_log (
  job      INTEGER NOT NULL REFERENCES millrace_job (seq),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  at       INTEGER NOT NULL,
  stream   TEXT NOT NULL CHECK (stream IN ('log', 'stdout', 'stderr')),
  attempt  INTEGER NOT NULL,
  text     TEXT NOT NULL,
  PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;

-- What happened, a row for each kind of event in a commit.
CREATE TABLE millrace_event (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  at   INTEGER NOT NULL,
  type TEXT NOT NULL,
  jobs TEXT NOT NULL CHECK (json_valid(jobs))
) STRICT;

CREATE VIEW millrace_jobs AS
SELECT
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
    THEN (SELECT a.error FROM millrace_attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1)
    ELSE d.error
  END AS error,
  coalesce(r.percent, d.percent) AS percent, coalesce(r.message, d.message) AS message,
  j.created_by, j."group", j.tags, l.requires, l.fair_key, j.key, j.retry_of,
  CASE WHEN d.job IS NULL
    THEN coalesce(r.worker, (SELECT a.worker FROM millrace_attempt a WHERE a.job = j.seq ORDER BY a.token DESC LIMIT 1))
    ELSE d.worker
  END AS worker,
  coalesce(r.cancel_requested_at, d.cancel_requested_at) AS cancel_requested_at,
  coalesce(r.cancelled_by, d.cancelled_by) AS cancelled_by,
  coalesce(r.cancel_reason, d.cancel_reason) AS cancel_reason
FROM millrace_job j
JOIN millrace_lane l ON l.id = j.lane
JOIN millrace_queue q ON q.id = l.queue
JOIN millrace_counter c ON c.id = j.scope
LEFT JOIN millrace_done d ON d.job = j.seq
LEFT JOIN millrace_running r ON r.job = j.seq
LEFT JOIN millrace_ready y ON y.job = j.seq
LEFT JOIN millrace_scheduled s ON s.job = j.seq
LEFT JOIN millrace_blocked b ON b.job = j.seq;
`,
};
