import type { Job } from "../../core/job.ts";
import type { QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { jobFromRow } from "../sql/job-row.ts";
import { numberArray } from "./arrays.ts";
import type { KnownLane } from "./catalog.ts";
import type { Bound } from "./channel.ts";
import type { LaneRange } from "./floors.ts";
import { presentAt, type Session } from "./session.ts";
import { byTurn, STARTED_COLUMNS, startedRow, type StartedColumns, type StartedRow } from "./started-row.ts";
import { lookUp, lookUpRow, type NamedSql } from "./statements.ts";

/**
 * The tickets at the picked places, from `ready` to `running`.
 * @param picked the query of the places
 * @param next the number of the parameter with the worker; behind it come those with the number of the claim, the
 *   lease, and whether slots are counted
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
      INSERT INTO millrace.running (job, lane, priority, run_at, attempt, token, started_at, worker, claim, attempt_started_at, lease_until, takes_slot)
      SELECT y.job, y.lane, y.priority, y.run_at, y.attempt + 1, y.token + 1,
        coalesce(y.started_at, greatest(t.now, y.run_at)), $${next}::text, $${next + 1}::text::bigint,
        greatest(t.now, y.run_at, coalesce(y.started_at, 0)), t.now + $${next + 2}::text::bigint,
        $${next + 3}::text::boolean
      FROM taken y, t
      RETURNING job, lane, priority, run_at, attempt, token, started_at, lease_until
    ),
    noted AS (
      INSERT INTO millrace.event (at, type, jobs)
      SELECT t.now, 'started', s.jobs
      FROM t, (SELECT array_agg(job) AS jobs FROM started) s WHERE s.jobs IS NOT NULL
    )
    SELECT ${STARTED_COLUMNS} FROM started s ${lookUpRow("job", "j", "j.seq = s.job")}`;
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
    SELECT ${STARTED_COLUMNS} FROM s ${lookUpRow("job", "j", "j.seq = s.job")}`,
};

type Taker = Pick<ClaimRequest, "worker" | "leaseMs">;

const takesSlot = ({ slots }: ClaimRequest): boolean | null => (slots === undefined ? null : true);

/** So many tickets of a lane. */
export interface Draw {
  readonly lane: number;
  readonly count: number;
}

/** Rows in the order in which the tickets of a lane come, of all lanes together. */
export function takeTickets(
  session: Session,
  request: ClaimRequest,
  claim: number,
  draws: readonly Draw[],
  ranges: readonly LaneRange[],
): Promise<StartedRow[]> {
  return started(
    session,
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
    takesSlot(request),
  );
}

/** The ticket of the job in a row, if it waits. */
export function takeTicket(session: Session, request: Taker, claim: number, seq: number): Promise<StartedRow[]> {
  return started(session, TAKE_JOB, session.now(), seq, request.worker, claim, request.leaseMs, null);
}

export function recallTickets(session: Session, request: Taker, claim: number): Promise<StartedRow[]> {
  return started(session, RECALL, session.now(), request.worker, claim, request.leaseMs);
}

async function started(session: Session, statement: NamedSql, ...values: Bound[]): Promise<StartedRow[]> {
  const rows = await session.all<StartedColumns>(statement, ...values);
  return rows.map(startedRow).toSorted(byTurn);
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
  const { rare } = row;
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
    max_attempts: row.maxAttempts,
    timeout_ms: rare.timeoutMs,
    backoff: rare.backoff,
    run_at: row.runAt,
    created_at: row.createdAt,
    started_at: row.startedAt,
    finished_at: null,
    result: null,
    error: rare.error,
    percent: null,
    message: null,
    created_by: rare.createdBy,
    group: rare.group,
    tags: rare.tags,
    requires: lane.requires.length === 0 ? "[]" : JSON.stringify(lane.requires),
    fair_key: lane.fairKey ?? "",
    key: rare.key,
    retry_of: rare.retryOf,
    worker,
    cancel_requested_at: null,
    cancelled_by: null,
    cancel_reason: null,
  });
  return {
    lease: { job: row.id, token: row.token, attempt: row.attempt, expiresAt: new Date(row.leaseUntil) },
    job,
    queue: { backoff: settings.backoff, timeoutMs: settings.timeoutMs },
  };
}
