import type { Job } from "../../core/job.ts";
import type { QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { jobFromRow, type JobRow } from "../sql/job-row.ts";
import { numberArray } from "./arrays.ts";
import type { KnownLane } from "./catalog.ts";
import type { LaneRange } from "./floors.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, lookUpRow, type NamedSql } from "./statements.ts";

/** A started ticket with the facts of its job; the names of its lane and its scope are known here already. */
const STARTED_COLUMNS = `j.seq, j.id, j.number, j.scope, j.kind, j.payload, j.priority, s.attempt, j.max_attempts,
  j.timeout_ms, j.backoff, s.run_at, j.created_at, s.started_at,
  CASE WHEN s.token > 1 THEN (
    SELECT a.error FROM millrace.attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1
  ) END AS error,
  j.created_by, j."group", j.tags, j.key, j.retry_of, j.has_companion, s.token, s.lease_until, s.lane`;

/**
 * The tickets at the picked places, from `ready` to `running`.
 * @param picked the query of the places
 * @param next the number of the parameter with the worker; behind it come those with the number of the claim and the lease
 */
function taking(picked: string, next: number): string {
  return `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    picked AS MATERIALIZED (
      ${picked}
    ),
    taken AS (
      DELETE FROM millrace.ready y WHERE y.ctid = ANY (ARRAY (SELECT place FROM picked)) RETURNING y.*
    ),
    started AS (
      INSERT INTO millrace.running (job, lane, priority, run_at, attempt, token, started_at, worker, claim, attempt_started_at, lease_until)
      SELECT y.job, y.lane, y.priority, y.run_at, y.attempt + 1, y.token + 1,
        coalesce(y.started_at, greatest(t.now, y.run_at)), $${next}::text, $${next + 1}::text::bigint,
        greatest(t.now, y.run_at, coalesce(y.started_at, 0)), t.now + $${next + 2}::text::bigint
      FROM taken y, t
      RETURNING job, lane, priority, run_at, attempt, token, started_at, lease_until
    ),
    noted AS (
      INSERT INTO millrace.event (at, type, jobs)
      SELECT t.now, 'started', s.jobs
      FROM t, (SELECT array_agg(job ORDER BY priority DESC, run_at, job) AS jobs FROM started) s WHERE s.jobs IS NOT NULL
    )
    SELECT ${STARTED_COLUMNS} FROM started s ${lookUpRow("job", "j", "j.seq = s.job")} ORDER BY s.lane, s.priority DESC, s.run_at, s.job`;
}

/**
 * Claim: move tickets from `ready` to `running`, so many from each lane, those of paused queues excepted.
 * Index: ready_by_turn (lane, priority DESC, run_at, job), in order, so no sort; by ranges of priority and, where it is
 * known how far the tickets of a priority have gone, from there on (see `Floors`).
 * Holds: the picked rows until the commit; rows held by another claim are passed over.
 * The token grows here and nowhere else. An instant never lies before the one it follows, whatever the clock.
 */
const TAKE: NamedSql = {
  name: "CLAIM_TAKE",
  sql: taking(
    `SELECT p.place
      FROM unnest($2::text::bigint[], $3::text::bigint[]) AS draw (lane, n)
      ${lookUpRow("lane", "l", "l.id = draw.lane")}
      ${lookUpRow("queue", "q", "q.id = l.queue AND q.paused_at IS NULL")}
      CROSS JOIN LATERAL (
        SELECT each.place
        FROM unnest($4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::bigint[])
          AS part (lane, high, low, since)
        CROSS JOIN LATERAL (
          SELECT * FROM (
            SELECT y.ctid AS place FROM millrace.ready y
            WHERE part.since IS NULL AND y.lane = part.lane AND y.priority <= part.high AND y.priority >= part.low
            ORDER BY y.priority DESC, y.run_at, y.job LIMIT draw.n FOR UPDATE SKIP LOCKED) between
          UNION ALL
          SELECT * FROM (
            SELECT y.ctid AS place FROM millrace.ready y
            WHERE y.lane = part.lane AND y.priority = part.high AND y.run_at >= part.since
            ORDER BY y.priority DESC, y.run_at, y.job LIMIT draw.n FOR UPDATE SKIP LOCKED) onward
        ) each
        WHERE part.lane = draw.lane LIMIT draw.n
      ) p`,
    8,
  ),
};

/** Likewise the ticket of one job, if it lies in `ready` and its queue is not paused. */
const TAKE_JOB: NamedSql = {
  name: "CLAIM_TAKE_JOB",
  sql: taking(
    `SELECT y.ctid AS place FROM millrace.ready y
      ${lookUpRow("lane", "l", "l.id = y.lane")}
      ${lookUpRow("queue", "q", "q.id = l.queue AND q.paused_at IS NULL")}
      WHERE ${lookUp("y.job", "$2::text::bigint")} FOR UPDATE OF y SKIP LOCKED`,
    3,
  ),
};

/**
 * A claim whose answer was lost is answered again: its tickets lie in `running` under its number. Those whose lease has
 * run out meanwhile are left to rescue.
 */
const RECALL: NamedSql = {
  name: "CLAIM_RECALL",
  sql: `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    s AS (
      UPDATE millrace.running r SET lease_until = greatest(r.lease_until, t.now + $4::text::bigint) FROM t
      WHERE r.worker = $2::text AND r.claim = $3::text::bigint AND r.lease_until > t.now
      RETURNING r.job, r.lane, r.priority, r.run_at, r.attempt, r.token, r.started_at, r.lease_until
    )
    SELECT ${STARTED_COLUMNS} FROM s ${lookUpRow("job", "j", "j.seq = s.job")} ORDER BY s.lane, s.priority DESC, s.run_at, s.job`,
};

/** What a claim answers for a ticket. */
export interface StartedRow extends Omit<
  JobRow,
  | "scope"
  | "queue"
  | "org"
  | "state"
  | "finished_at"
  | "result"
  | "percent"
  | "message"
  | "requires"
  | "fair_key"
  | "worker"
  | "cancel_requested_at"
  | "cancelled_by"
  | "cancel_reason"
> {
  readonly has_companion: boolean;
  readonly token: number;
  readonly lease_until: number;
  readonly lane: number;
  readonly scope: number;
}

type Taker = Pick<ClaimRequest, "worker" | "leaseMs">;

/** So many tickets of a lane. */
export interface Draw {
  readonly lane: number;
  readonly count: number;
}

/** Rows lane by lane, in the order in which the tickets of each lane come. */
export function takeTickets(
  session: Session,
  request: ClaimRequest,
  claim: number,
  draws: readonly Draw[],
  ranges: readonly LaneRange[],
): Promise<StartedRow[]> {
  return session.all<StartedRow>(
    TAKE,
    session.now(),
    numberArray(draws.map(({ lane }) => lane)),
    numberArray(draws.map(({ count }) => count)),
    numberArray(ranges.map(({ lane }) => lane)),
    numberArray(ranges.map(({ high }) => high)),
    numberArray(ranges.map(({ low }) => low)),
    numberArray(ranges.map(({ since }) => since)),
    request.worker,
    claim,
    request.leaseMs,
  );
}

/** The ticket of the job in a row, if it waits. */
export function takeTicket(session: Session, request: Taker, claim: number, seq: number): Promise<StartedRow[]> {
  return session.all<StartedRow>(TAKE_JOB, session.now(), seq, request.worker, claim, request.leaseMs);
}

export function recallTickets(session: Session, request: Taker, claim: number): Promise<StartedRow[]> {
  return session.all<StartedRow>(RECALL, session.now(), request.worker, claim, request.leaseMs);
}

export function claimFrom(
  row: StartedRow,
  {
    lane,
    scope,
    worker,
    settings,
  }: { readonly lane: KnownLane; readonly scope: string; readonly worker: string; readonly settings: QueueSettings },
): Claim {
  // Named one by one: spreading a row of so many columns costs more than all else that is done with it.
  const job: Job = jobFromRow({
    seq: row.seq,
    id: row.id,
    number: row.number,
    scope,
    queue: lane.queue,
    org: lane.org,
    kind: row.kind,
    payload: row.payload,
    state: "running",
    priority: row.priority,
    attempt: row.attempt,
    max_attempts: row.max_attempts,
    timeout_ms: row.timeout_ms,
    backoff: row.backoff,
    run_at: row.run_at,
    created_at: row.created_at,
    started_at: row.started_at,
    finished_at: null,
    result: null,
    error: row.error,
    percent: null,
    message: null,
    created_by: row.created_by,
    group: row.group,
    tags: row.tags,
    requires: lane.requires.length === 0 ? "[]" : JSON.stringify(lane.requires),
    fair_key: lane.fairKey ?? "",
    key: row.key,
    retry_of: row.retry_of,
    worker,
    cancel_requested_at: null,
    cancelled_by: null,
    cancel_reason: null,
  });
  return {
    lease: { job: row.id, token: row.token, attempt: row.attempt, expiresAt: new Date(row.lease_until) },
    job,
    queue: { backoff: settings.backoff, timeoutMs: settings.timeoutMs },
  };
}
