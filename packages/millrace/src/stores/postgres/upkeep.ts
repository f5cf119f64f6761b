import { HAND } from "../../core/manual.ts";
import type { UpkeepResult } from "../../core/store.ts";
import { afterCancel, afterLeaseExpiry } from "../../core/transition.ts";
import { placeTickets, type MovedTicket, type RunningRow } from "./place-tickets.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** Due tickets, those that nobody else moves right now. Index: scheduled_by_due. */
const PROMOTE: NamedSql = {
  name: "PROMOTE_TO_READY",
  sql: `WITH due AS MATERIALIZED (
      SELECT s.job FROM millrace.scheduled s WHERE s.run_at <= ${presentAt(1)}
      ORDER BY s.run_at LIMIT $2::text::bigint FOR UPDATE SKIP LOCKED
    ),
    taken AS (DELETE FROM millrace.scheduled s WHERE s.job = ANY (ARRAY (SELECT job FROM due)) RETURNING s.*)
    INSERT INTO millrace.ready (job, lane, priority, run_at, attempt, token, started_at)
    SELECT job, lane, priority, run_at, attempt, token, started_at FROM taken`,
};
const NEXT_DUE: NamedSql = {
  name: "PROMOTE_NEXT",
  sql: `SELECT min(run_at) - ${presentAt(1)} AS n FROM millrace.scheduled`,
};

/**
 * `running` holds no more than all workers can carry, so it is read through rather than indexed: an index would be paid
 * at every claim and heartbeat. A condition on the place of the rows makes it a plain reading of the table, which passes
 * over rows that vacuum could not remove faster than any index leads to them.
 */
const THROUGH = `r.ctid >= '(0,0)'::tid`;

/**
 * Take tickets whose lease has run out or whose cancel was accepted longer ago than the grace. Guard: the expiry, asked
 * of the row that is locked, so that a heartbeat which came first has prolonged it. Who is locked is being settled.
 */
const TAKE_OVERDUE: NamedSql = {
  name: "RESCUE_TAKE",
  sql: `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    overdue AS MATERIALIZED (
      SELECT r.job, r.token FROM millrace.running r
      WHERE ${THROUGH} AND (r.lease_until <= (SELECT now FROM t) OR r.cancel_until <= (SELECT now FROM t))
      LIMIT $2::text::bigint FOR UPDATE SKIP LOCKED
    )
    DELETE FROM millrace.running r USING overdue o, millrace.job j
    WHERE ${lookUp("r.job", "o.job")} AND r.token = o.token AND ${lookUp("j.seq", "o.job")} RETURNING r.*, j.max_attempts`,
};
/**
 * Whoever holds a job by hand has as long again as so far, once. Before anything is taken: what is beyond that as well is
 * taken by the same rescue.
 */
const WARN: NamedSql = {
  name: "RESCUE_WARN",
  sql: `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    overdue AS MATERIALIZED (
      SELECT r.job, r.token FROM millrace.running r
      WHERE ${THROUGH} AND r.lease_until <= (SELECT now FROM t) AND r.warned_at IS NULL AND r.cancel_requested_at IS NULL
        AND starts_with(r.worker, '${HAND}')
      ORDER BY r.job FOR UPDATE SKIP LOCKED
    )
    UPDATE millrace.running r SET warned_at = t.now, lease_until = 2 * r.lease_until - r.attempt_started_at
    FROM overdue o, t WHERE ${lookUp("r.job", "o.job")} AND r.token = o.token RETURNING r.job`,
};
const NEXT_OVERDUE: NamedSql = {
  name: "RESCUE_NEXT",
  sql: `SELECT least(min(r.lease_until), min(r.cancel_until)) - ${presentAt(1)} AS n FROM millrace.running r WHERE ${THROUGH}`,
};

/** As `Store.promote`, inside a transaction. */
export async function promoteDue(session: Session, limit: number): Promise<UpkeepResult> {
  const count = await session.run(PROMOTE, session.now(), limit);
  if (count > 0) session.wake("ready");
  return { count, nextInMs: await nextDue(session) };
}

/** Milliseconds until the next ticket falls due. */
export async function nextDue(session: Session): Promise<number | null> {
  return (await session.get<{ n: number | null }>(NEXT_DUE, session.now()))?.n ?? null;
}

/** As `Store.rescue`, inside a transaction. */
export async function rescueOverdue(session: Session, limit: number): Promise<UpkeepResult> {
  for (const { job } of await session.all<{ job: number }>(WARN, session.now())) session.note("warned", job);
  const rows = await session.all<RunningRow & { readonly max_attempts: number }>(TAKE_OVERDUE, session.now(), limit);
  const moved = rows.map((ticket): MovedTicket => {
    if (ticket.cancel_requested_at !== null) {
      return { ticket, move: afterCancel(ticket.cancel_reason), endedBy: "cancel" };
    }
    const ended = { attempt: ticket.attempt, maxAttempts: ticket.max_attempts };
    return { ticket, move: afterLeaseExpiry(ended, ticket.worker), endedBy: "lease" };
  });
  await placeTickets(session, moved);
  return { count: rows.length, nextInMs: await nextOverdue(session) };
}

/** Milliseconds until the next lease runs out. */
export async function nextOverdue(session: Session): Promise<number | null> {
  return (await session.get<{ n: number | null }>(NEXT_OVERDUE, session.now()))?.n ?? null;
}
