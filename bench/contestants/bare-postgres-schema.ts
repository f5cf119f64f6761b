/**
 * The tables of the membership model, and nothing that the loop has no use for: a job is written once, its ticket moves
 * between narrow tables, the last number of a scope stands in a row of its own. The payload is text.
 */
export const SCHEMA = `
CREATE TABLE counter (
  scope text PRIMARY KEY,
  last  bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE job (
  seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id           text NOT NULL UNIQUE,
  lane         bigint NOT NULL,
  kind         text NOT NULL,
  payload      text NOT NULL,
  scope        text NOT NULL,
  number       bigint NOT NULL,
  priority     integer NOT NULL,
  max_attempts integer NOT NULL,
  run_at       bigint NOT NULL,
  created_at   bigint NOT NULL,
  UNIQUE (scope, number)
);

CREATE TABLE ready (
  job      bigint PRIMARY KEY,
  lane     bigint NOT NULL,
  priority integer NOT NULL,
  run_at   bigint NOT NULL,
  attempt  integer NOT NULL,
  token    bigint NOT NULL
);
CREATE INDEX ready_by_turn ON ready (lane, priority DESC, run_at, job);

CREATE TABLE running (
  job         bigint PRIMARY KEY,
  lane        bigint NOT NULL,
  priority    integer NOT NULL,
  run_at      bigint NOT NULL,
  attempt     integer NOT NULL,
  token       bigint NOT NULL,
  worker      text NOT NULL,
  started_at  bigint NOT NULL,
  lease_until bigint NOT NULL
);

CREATE TABLE done (
  job         bigint PRIMARY KEY,
  state       text NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled')),
  attempt     integer NOT NULL,
  token       bigint NOT NULL,
  worker      text,
  started_at  bigint,
  finished_at bigint NOT NULL CHECK (finished_at >= started_at),
  result      text
);
`;
