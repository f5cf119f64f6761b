import type { Migration } from "../../sql/migration.ts";

/** What a server keeps: keys, files of jobs, secrets that travel with jobs, webhooks. */
export const server: Migration = {
  version: 2,
  name: "server",
  isCompatible: true,
  sql: `
-- Keys of the HTTP API; of what opens only the digest is here.
CREATE TABLE millrace.api_key (
  id         text COLLATE "C" PRIMARY KEY,
  digest     text COLLATE "C" NOT NULL UNIQUE CHECK (length(digest) = 64),
  org        text NOT NULL,
  name       text NOT NULL,
  role       text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'worker')),
  created_by text,
  created_at bigint NOT NULL,
  revoked_at bigint
);

-- What travels beside a job, until that ends.
CREATE TABLE millrace.companion (
  job    bigint PRIMARY KEY,
  sealed text,
  trace  text
);
-- A claim learns of it on the way, so that ending a job that has none does not look for one.
ALTER TABLE millrace.job ADD COLUMN has_companion boolean NOT NULL DEFAULT false;

-- Files of jobs; their bytes lie at the place.
CREATE TABLE millrace.artifact (
  job          bigint NOT NULL,
  name         text COLLATE "C" NOT NULL,
  size         bigint NOT NULL CHECK (size BETWEEN 0 AND 9007199254740991),
  sha256       text NOT NULL CHECK (length(sha256) = 64),
  content_type text NOT NULL,
  created_by   text,
  created_at   bigint NOT NULL,
  place        text NOT NULL,
  PRIMARY KEY (job, name)
);

-- Places that are no artifact's: bytes are being written there until free_at, or are to be deleted from free_at on.
CREATE TABLE millrace.place (
  place       text COLLATE "C" PRIMARY KEY,
  is_reserved boolean NOT NULL,
  free_at     bigint NOT NULL
);
CREATE INDEX place_by_time ON millrace.place (free_at);

-- Whoever deletes or replaces an artifact, or deletes its job, leaves its bytes to be deleted.
CREATE FUNCTION millrace.discard_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO millrace.place (place, is_reserved, free_at) VALUES (OLD.place, false, 0);
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_is_discarded AFTER DELETE OR UPDATE ON millrace.artifact
FOR EACH ROW EXECUTE FUNCTION millrace.discard_place();

CREATE TABLE millrace.webhook (
  id         text COLLATE "C" PRIMARY KEY,
  org        text NOT NULL,
  url        text NOT NULL,
  events     text CHECK (events IS NULL OR events::json IS NOT NULL),
  sealed     text NOT NULL,
  cursor     text NOT NULL,
  created_by text,
  created_at bigint NOT NULL
);
`,
};
