import type { Migration } from "../../sql/migration.ts";

/** What a server keeps: keys, files of jobs, secrets that travel with jobs, webhooks. */
export const server: Migration = {
  version: 2,
  name: "server",
  isCompatible: true,
  sql: `
-- Keys of the HTTP API; of what opens only the digest is here.
CREATE TABLE millrace_api_key (
  id         TEXT PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
  org        TEXT NOT NULL,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'worker')),
  created_by TEXT,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- What travels beside a job, until that ends.
CREATE TABLE millrace_companion (
  job    INTEGER PRIMARY KEY REFERENCES millrace_job (seq) ON DELETE CASCADE,
  sealed TEXT,
  trace  TEXT,
  CHECK (sealed IS NOT NULL OR trace IS NOT NULL)
) STRICT;

-- Whichever way a job ends, and whoever ends it.
CREATE TRIGGER millrace_companion_ends AFTER INSERT ON millrace_done
BEGIN DELETE FROM millrace_companion WHERE job = new.job; END;

-- Files of jobs; their bytes lie at the place.
CREATE TABLE millrace_artifact (
  job          INTEGER NOT NULL REFERENCES millrace_job (seq) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  size         INTEGER NOT NULL CHECK (size BETWEEN 0 AND 9007199254740991),
  sha256       TEXT NOT NULL CHECK (length(sha256) = 64),
  content_type TEXT NOT NULL,
  created_by   TEXT,
  created_at   INTEGER NOT NULL,
  place        TEXT NOT NULL,
  PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;

-- Places that are no artifact's: bytes are being written there until free_at, or are to be deleted from free_at on.
CREATE TABLE millrace_place (
  place       TEXT PRIMARY KEY,
  is_reserved INTEGER NOT NULL CHECK (is_reserved IN (0, 1)),
  free_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX millrace_place_by_time ON millrace_place (free_at);

-- Whoever deletes an artifact, or its job, leaves its bytes to be deleted.
CREATE TRIGGER millrace_artifact_is_discarded AFTER DELETE ON millrace_artifact
BEGIN INSERT INTO millrace_place (place, is_reserved, free_at) VALUES (old.place, 0, 0); END;

-- Addresses that are told of events; of those up to the cursor they have been.
CREATE TABLE millrace_webhook (
  id         TEXT PRIMARY KEY,
  org        TEXT NOT NULL,
  url        TEXT NOT NULL,
  events     TEXT CHECK (json_valid(events)),
  sealed     TEXT NOT NULL,
  cursor     TEXT NOT NULL,
  created_by TEXT,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
