/** The database's clock, once for a statement. */
const CLOCK = `clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)`;

/**
 * Tickets of jobs $1 with tokens $2 go from running to done. The length of an array is not known to the planner; with
 * the two filters it goes by the primary key.
 */
const SETTLE = `
  ended AS (
    DELETE FROM running r USING unnest($1::bigint[], $2::bigint[]) AS e (job, token)
    WHERE r.job = e.job AND r.token = e.token
    RETURNING r.job, r.attempt, r.token, r.worker, r.started_at
  ), settled AS (
    INSERT INTO done (job, state, attempt, token, worker, started_at, finished_at, result)
    SELECT job, 'completed', attempt, token, worker, started_at, greatest(clock.now, started_at), 'null' FROM ended, clock
    RETURNING job
  )`;

/** At most $b tickets of lane $a go from ready to running, with a token that is one higher, held by $c for $d ms. */
const claim = (a: string, b: string, c: string, d: string): string => `
  taken AS (
    DELETE FROM ready WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ready WHERE lane = ${a} ORDER BY priority DESC, run_at, job LIMIT ${b} FOR UPDATE SKIP LOCKED))
    RETURNING job, lane, priority, run_at, attempt, token
  ), started AS (
    INSERT INTO running (job, lane, priority, run_at, attempt, token, worker, started_at, lease_until)
    SELECT job, lane, priority, run_at, attempt + 1, token + 1, ${c}, greatest(clock.now, run_at), clock.now + ${d}
    FROM taken, clock RETURNING job, token
  )
  SELECT j.seq, s.token, j.id, j.kind, j.number, j.payload FROM started s JOIN job j ON j.seq = s.job`;

interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Settle what was claimed before and claim the next: one statement, one commit. */
export const SETTLE_AND_CLAIM: Statement = {
  name: "settle-and-claim",
  text: `WITH ${CLOCK}, ${SETTLE}, ${claim("$3::bigint", "$4::integer", "$5::text", "$6::bigint")}`,
};

export const CLAIM: Statement = {
  name: "claim",
  text: `WITH ${CLOCK}, ${claim("$1::bigint", "$2::integer", "$3::text", "$4::bigint")}`,
};

export const SETTLE_ALL: Statement = { name: "settle", text: `WITH ${CLOCK}, ${SETTLE} SELECT count(*) FROM settled` };

/** Ids $1 with payloads $2 and priorities $3 become jobs of lane $4, numbered in the scope $5, ready at once. */
export const ENQUEUE: Statement = {
  name: "enqueue",
  text: `
  WITH ${CLOCK}, numbered AS (
    INSERT INTO counter (scope, last) VALUES ($5::text, cardinality($1::text[]))
    ON CONFLICT (scope) DO UPDATE SET last = counter.last + excluded.last
    RETURNING last - cardinality($1::text[]) AS before
  ), added AS (
    INSERT INTO job (id, lane, kind, payload, scope, number, priority, max_attempts, run_at, created_at)
    SELECT e.id, $4::bigint, 'bench', e.payload, $5::text, numbered.before + e.place, e.priority, 5, clock.now, clock.now
    FROM clock, numbered, unnest($1::text[], $2::text[], $3::integer[]) WITH ORDINALITY AS e (id, payload, priority, place)
    RETURNING seq, lane, priority, run_at
  )
  INSERT INTO ready (job, lane, priority, run_at, attempt, token) SELECT seq, lane, priority, run_at, 0, 0 FROM added`,
};

export const COMPLETED_COUNT = `SELECT count(*)::integer AS count FROM done WHERE state = 'completed'`;
