import type { AttemptEnding, JobId } from "../../core/job.ts";
import type { Move, Settlement } from "../../core/settlement.ts";
import { countsAttempt } from "../../core/settlement.ts";
import type { FinalState } from "../../core/states.ts";
import type { SettleStatus } from "../../core/store.ts";
import { afterCancel, saysTheSame } from "../../core/transition.ts";
import type { NamedSql, Session } from "./session.ts";

/**
 * Completions of a batch, in one statement: running → done for each job whose token is current and of which no cancel
 * was accepted. Guard: job and token, in the join. Answers the jobs it moved.
 * Why packed: each element is an id (30 characters), a token (16 digits) and a result; an array of arrays would be
 * parsed once for every column of every row.
 */
const COMPLETE: NamedSql = {
  name: "SETTLE_COMPLETE",
  sql: `INSERT INTO millrace_done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at, result, percent, message)
        SELECT r.job, 'completed', r.attempt, r.token, 'worker', r.worker, r.started_at, r.attempt_started_at,
               max(?2, r.attempt_started_at), substr(e.value, 47), r.percent, r.message
        FROM json_each(?1) e
        CROSS JOIN millrace_job j ON j.id = substr(e.value, 1, 30)
        CROSS JOIN millrace_running r ON r.job = j.seq AND r.token = CAST(substr(e.value, 31, 16) AS INTEGER)
        WHERE r.cancel_requested_at IS NULL
        RETURNING job`,
};
const ID_LENGTH = 30;

const LEAVE_RUNNING: NamedSql = {
  name: "SETTLE_LEAVE_RUNNING",
  sql: `DELETE FROM millrace_running WHERE job IN (SELECT value FROM json_each(?))`,
};
const IDS: NamedSql = {
  name: "SETTLE_IDS",
  sql: `SELECT j.id FROM json_each(?) e CROSS JOIN millrace_job j ON j.seq = e.value`,
};

/** Take one ticket out of `running`, if its token is current. */
const TAKE: NamedSql = {
  name: "SETTLE_TAKE",
  sql: `DELETE FROM millrace_running WHERE job = (SELECT seq FROM millrace_job WHERE id = ?) AND token = ?
        RETURNING *`,
};
const FINISH: NamedSql = {
  name: "SETTLE_FINISH",
  sql: `INSERT INTO millrace_done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at,
          result, error, cancel_requested_at, cancelled_by, cancel_reason, percent, message)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, max(?9, ?8), ?10, ?11, ?12, ?13, ?14, ?15, ?16)`,
};
const RECORD_ATTEMPT: NamedSql = {
  name: "SETTLE_RECORD_ATTEMPT",
  sql: `INSERT INTO millrace_attempt (job, token, attempt, ending, worker, started_at, ended_at, error)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, ?6), ?8)`,
};
const TO_SCHEDULED: NamedSql = {
  name: "SETTLE_TO_SCHEDULED",
  sql: `INSERT INTO millrace_scheduled (job, lane, priority, run_at, attempt, token, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
};
const TO_READY: NamedSql = {
  name: "SETTLE_TO_READY",
  sql: `INSERT INTO millrace_ready (job, lane, priority, run_at, attempt, token, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
};

/** What this token wrote, if it did: a report may come twice when its answer got lost. */
const WRITTEN_OUTCOME: NamedSql = {
  name: "SETTLE_WRITTEN_OUTCOME",
  sql: `SELECT d.state, d.ended_by FROM millrace_done d
        WHERE d.job = (SELECT seq FROM millrace_job WHERE id = ?) AND d.token = ? AND d.ended_by <> 'lease'`,
};
const WRITTEN_ATTEMPT: NamedSql = {
  name: "SETTLE_WRITTEN_ATTEMPT",
  sql: `SELECT ending FROM millrace_attempt
        WHERE job = (SELECT seq FROM millrace_job WHERE id = ?) AND token = ?`,
};

/** A row of `millrace_running`. */
export interface RunningRow {
  readonly job: number;
  readonly lane: number;
  readonly priority: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly token: number;
  readonly started_at: number;
  readonly worker: string;
  readonly attempt_started_at: number;
  readonly cancel_requested_at: number | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason: string | null;
  readonly percent: number | null;
  readonly message: string | null;
}

/** As `Store.settle`, inside a transaction. */
export function settleAttempts(session: Session, settlements: readonly Settlement[]): readonly SettleStatus[] {
  const completed = completeTogether(session, settlements);
  return settlements.map((settlement) => (completed.has(settlement) ? "settled" : settleOne(session, settlement)));
}

/** The common case at the price of three statements for the whole batch. */
function completeTogether(session: Session, settlements: readonly Settlement[]): ReadonlySet<Settlement> {
  const byJob = new Map<JobId, Settlement>();
  const settledOtherwise = new Set<JobId>();
  const rows: string[] = [];
  for (const settlement of settlements) {
    const { job, token, move } = settlement;
    if (move.to !== "done" || move.state !== "completed" || move.result === null) {
      // What comes first in a batch counts, so a completion behind it must wait its turn.
      settledOtherwise.add(job);
      continue;
    }
    if (byJob.has(job) || settledOtherwise.has(job)) continue;
    // Packed by position; what has another length is no id, and is refused one by one.
    if (job.length !== ID_LENGTH || !Number.isSafeInteger(token)) continue;
    byJob.set(job, settlement);
    rows.push(job + String(token).padStart(16, "0") + move.result);
  }
  const done = new Set<Settlement>();
  if (rows.length === 0) return done;
  const moved = session.all<{ job: number }>(COMPLETE, JSON.stringify(rows), session.now()).map((row) => row.job);
  const list = JSON.stringify(moved);
  session.run(LEAVE_RUNNING, list);
  const isAll = moved.length === rows.length;
  const ids = isAll ? byJob.keys() : session.all<{ id: JobId }>(IDS, list).map((row) => row.id);
  for (const id of ids) {
    const settlement = byJob.get(id);
    if (settlement !== undefined) done.add(settlement);
  }
  for (const job of moved) session.note("completed", job);
  return done;
}

function settleOne(session: Session, { job, token, move }: Settlement): SettleStatus {
  const running = session.get<RunningRow>(TAKE, job, token);
  if (running === undefined) return statusOfRepeat(session, job, token, move);
  if (running.cancel_requested_at !== null) {
    moveTicket(session, running, afterCancel(running.cancel_reason), "cancel");
    return "cancelled";
  }
  moveTicket(session, running, move, "worker");
  return "settled";
}

function statusOfRepeat(session: Session, job: JobId, token: number, move: Move): SettleStatus {
  // The attempt first: a job cancelled while it waited ends under the token of an attempt that was over before.
  const attempt = session.get<{ ending: AttemptEnding }>(WRITTEN_ATTEMPT, job, token);
  if (attempt !== undefined) return attempt.ending !== "lost" && saysTheSame(move, attempt) ? "settled" : "lost";
  const outcome = session.get<{ state: FinalState; ended_by: string }>(WRITTEN_OUTCOME, job, token);
  if (outcome === undefined) return "lost";
  if (outcome.ended_by === "cancel") return "cancelled";
  return saysTheSame(move, outcome) ? "settled" : "lost";
}

/** Put a ticket that was taken out of `running` where the move says, with all that this means. */
export function moveTicket(
  session: Session,
  ticket: RunningRow,
  move: Move,
  endedBy: "worker" | "lease" | "cancel",
): void {
  const now = session.now();
  if (move.to === "done") {
    const by = endedBy === "cancel" ? ticket.cancelled_by : move.state === "cancelled" ? ticket.worker : null;
    session.run(
      FINISH,
      ticket.job,
      move.state,
      ticket.attempt,
      ticket.token,
      endedBy,
      ticket.worker,
      ticket.started_at,
      ticket.attempt_started_at,
      now,
      move.result,
      move.error === null ? null : JSON.stringify(move.error),
      ticket.cancel_requested_at,
      by,
      move.reason,
      ticket.percent,
      ticket.message,
    );
    session.note(move.state, ticket.job);
    return;
  }
  const { job, lane, priority, token, started_at: startedAt } = ticket;
  const error = move.error === null ? null : JSON.stringify(move.error);
  session.run(
    RECORD_ATTEMPT,
    job,
    token,
    ticket.attempt,
    move.ending,
    ticket.worker,
    ticket.attempt_started_at,
    now,
    error,
  );
  const attempt = countsAttempt(move) ? ticket.attempt : ticket.attempt - 1;
  if (move.to === "scheduled") {
    session.run(TO_SCHEDULED, job, lane, priority, now + move.delayMs, attempt, token, startedAt);
    session.note(move.ending === "failed" ? "retrying" : "snoozed", job);
    session.wake("scheduled");
  } else {
    session.run(TO_READY, job, lane, priority, ticket.run_at, attempt, token, startedAt);
    session.note(move.ending, job);
    session.wake("ready");
  }
}
