import { HAND } from "../../core/manual.ts";
import type { UpkeepResult } from "../../core/store.ts";
import { afterCancel, afterLeaseExpiry } from "../../core/transition.ts";
import type { NamedSql, Session } from "./session.ts";
import { moveTicket, type RunningRow } from "./settle.ts";

const PROMOTE: NamedSql = {
  name: "PROMOTE_TO_READY",
  sql: `INSERT INTO millrace_ready (job, lane, priority, run_at, attempt, token, started_at)
        SELECT job, lane, priority, run_at, attempt, token, started_at FROM millrace_scheduled
        WHERE run_at <= ?1 ORDER BY run_at LIMIT ?2
        RETURNING job`,
};
const LEAVE_SCHEDULED: NamedSql = {
  name: "PROMOTE_LEAVE_SCHEDULED",
  sql: `DELETE FROM millrace_scheduled WHERE job IN (SELECT value FROM json_each(?))`,
};
const NEXT_DUE: NamedSql = { name: "PROMOTE_NEXT", sql: `SELECT min(run_at) AS at FROM millrace_scheduled` };

/**
 * Tickets whose lease has run out or whose cancel was accepted longer ago than the grace. `running` holds no more than
 * all workers can carry, so it is read through rather than indexed: an index would be paid at every heartbeat.
 */
const OVERDUE: NamedSql = {
  name: "RESCUE_OVERDUE",
  sql: `SELECT r.job, r.token, j.max_attempts FROM millrace_running r JOIN millrace_job j ON j.seq = r.job
        WHERE r.lease_until <= ?1 OR r.cancel_until <= ?1 LIMIT ?2`,
};

/**
 * Whoever holds a job by hand has as long again as so far, once. Before anything is taken: what is beyond that as well is
 * taken by the same rescue.
 */
const WARN: NamedSql = {
  name: "RESCUE_WARN",
  sql: `UPDATE millrace_running SET warned_at = ?1, lease_until = 2 * lease_until - attempt_started_at
        WHERE lease_until <= ?1 AND warned_at IS NULL AND cancel_requested_at IS NULL
          AND substr(worker, 1, ${HAND.length}) = '${HAND}'
        RETURNING job`,
};

/** Guard: the token, and the expiry once more, in the statement that takes the ticket. */
const TAKE_OVERDUE: NamedSql = {
  name: "RESCUE_TAKE",
  sql: `DELETE FROM millrace_running WHERE job = ?1 AND token = ?2 AND (lease_until <= ?3 OR cancel_until <= ?3)
        RETURNING *`,
};
const NEXT_OVERDUE: NamedSql = {
  name: "RESCUE_NEXT",
  sql: `SELECT min(min(lease_until), coalesce(min(cancel_until), min(lease_until))) AS at FROM millrace_running`,
};

/** As `Store.promote`, inside a transaction. */
export function promoteDue(session: Session, limit: number): UpkeepResult {
  const jobs = session.all<{ job: number }>(PROMOTE, session.now(), limit).map((row) => row.job);
  if (jobs.length > 0) {
    session.run(LEAVE_SCHEDULED, JSON.stringify(jobs));
    session.wake("ready");
  }
  return { count: jobs.length, nextInMs: timeUntil(nextDue(session), session.now()) };
}

/** When the next ticket falls due; read without the write lock to see whether there is anything to do. */
export function nextDue(session: Session): number | null {
  return session.get<{ at: number | null }>(NEXT_DUE)?.at ?? null;
}

/** As `Store.rescue`, inside a transaction. */
export function rescueOverdue(session: Session, limit: number): UpkeepResult {
  const now = session.now();
  for (const { job } of session.all<{ job: number }>(WARN, now)) session.note("warned", job);
  let count = 0;
  for (const overdue of session.all<{ job: number; token: number; max_attempts: number }>(OVERDUE, now, limit)) {
    const ticket = session.get<RunningRow>(TAKE_OVERDUE, overdue.job, overdue.token, now);
    if (ticket === undefined) continue;
    count += 1;
    if (ticket.cancel_requested_at !== null) moveTicket(session, ticket, afterCancel(ticket.cancel_reason), "cancel");
    else {
      const ended = { attempt: ticket.attempt, maxAttempts: overdue.max_attempts };
      moveTicket(session, ticket, afterLeaseExpiry(ended, ticket.worker), "lease");
    }
  }
  return { count, nextInMs: timeUntil(nextOverdue(session), session.now()) };
}

export function nextOverdue(session: Session): number | null {
  return session.get<{ at: number | null }>(NEXT_OVERDUE)?.at ?? null;
}

/** From an instant to what the port answers: a time span, whose sense does not hang on whose clock it was. */
export function timeUntil(at: number | null, now: number): number | null {
  return at === null ? null : at - now;
}
