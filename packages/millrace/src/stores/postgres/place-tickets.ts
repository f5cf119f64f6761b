import type { JobEventType } from "../../core/event.ts";
import { countsAttempt, type Move } from "../../core/settlement.ts";
import { numberArray, textArray } from "./arrays.ts";
import { dismissCompanions } from "./companions.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/** A row of `running`. */
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

/** A ticket that was taken out of `running`, and where it goes. */
export interface MovedTicket {
  readonly ticket: RunningRow;
  readonly move: Move;
  readonly endedBy: "worker" | "lease" | "cancel";
}

const FINISH: NamedSql = {
  name: "SETTLE_FINISH",
  sql: `WITH ended AS (
        INSERT INTO millrace.done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at,
          result, error, cancel_requested_at, cancelled_by, cancel_reason, percent, message)
        SELECT v.job, v.state, v.attempt, v.token, v.ended_by, v.worker, v.started_at, v.attempt_started_at,
          greatest(t.now, v.attempt_started_at), v.result, v.error, v.requested_at, v.by, v.reason, v.percent, v.message
        FROM (SELECT ${presentAt(1)} AS now) t,
          unnest($2::text::bigint[], $3::text::text[], $4::text::bigint[], $5::text::bigint[], $6::text::text[],
            $7::text::text[], $8::text::bigint[], $9::text::bigint[], $10::text::text[], $11::text::text[],
            $12::text::bigint[], $13::text::text[], $14::text::text[], $15::text::float8[], $16::text::text[])
          AS v (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, result, error,
            requested_at, by, reason, percent, message)
        RETURNING job)
        ${dismissCompanions("ended")}`,
};
const RECORD_ATTEMPTS: NamedSql = {
  name: "SETTLE_RECORD_ATTEMPT",
  sql: `INSERT INTO millrace.attempt (job, token, attempt, ending, worker, started_at, ended_at, error)
        SELECT v.job, v.token, v.attempt, v.ending, v.worker, v.started_at, greatest(t.now, v.started_at), v.error
        FROM (SELECT ${presentAt(1)} AS now) t,
          unnest($2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::text[], $6::text::text[],
            $7::text::bigint[], $8::text::text[]) AS v (job, token, attempt, ending, worker, started_at, error)`,
};
const TO_SCHEDULED: NamedSql = {
  name: "SETTLE_TO_SCHEDULED",
  sql: `INSERT INTO millrace.scheduled (job, lane, priority, run_at, attempt, token, started_at)
        SELECT v.job, v.lane, v.priority, t.now + v.delay_ms, v.attempt, v.token, v.started_at
        FROM (SELECT ${presentAt(1)} AS now) t,
          unnest($2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[],
            $7::text::bigint[], $8::text::bigint[]) AS v (job, lane, priority, delay_ms, attempt, token, started_at)`,
};
const TO_READY: NamedSql = {
  name: "SETTLE_TO_READY",
  sql: `INSERT INTO millrace.ready (job, lane, priority, run_at, attempt, token, started_at)
        SELECT * FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[],
          $5::text::bigint[], $6::text::bigint[], $7::text::bigint[])`,
};

type Done = MovedTicket & { readonly move: Extract<Move, { readonly to: "done" }> };
type Again = MovedTicket & { readonly move: Exclude<Move, { readonly to: "done" }> };

/** Put tickets that were taken out of `running` where their moves say, with all that this means. In that transaction. */
export async function placeTickets(session: Session, list: readonly MovedTicket[]): Promise<void> {
  const done = list.filter((each): each is Done => each.move.to === "done");
  const again = list.filter((each): each is Again => each.move.to !== "done");
  if (done.length > 0) await finish(session, done);
  if (again.length > 0) await putBack(session, again);
  for (const { ticket, move } of list) session.note(eventOf(move), ticket.job);
}

async function finish(session: Session, list: readonly Done[]): Promise<void> {
  await session.run(
    FINISH,
    session.now(),
    numberArray(list.map(({ ticket }) => ticket.job)),
    textArray(list.map(({ move }) => move.state)),
    numberArray(list.map(({ ticket }) => ticket.attempt)),
    numberArray(list.map(({ ticket }) => ticket.token)),
    textArray(list.map(({ endedBy }) => endedBy)),
    textArray(list.map(({ ticket }) => ticket.worker)),
    numberArray(list.map(({ ticket }) => ticket.started_at)),
    numberArray(list.map(({ ticket }) => ticket.attempt_started_at)),
    textArray(list.map(({ move }) => move.result)),
    textArray(list.map(({ move }) => (move.error === null ? null : JSON.stringify(move.error)))),
    numberArray(list.map(({ ticket }) => ticket.cancel_requested_at)),
    textArray(list.map(cancelledBy)),
    textArray(list.map(({ move }) => move.reason)),
    numberArray(list.map(({ ticket }) => ticket.percent)),
    textArray(list.map(({ ticket }) => ticket.message)),
  );
}

function cancelledBy({ ticket, move, endedBy }: Done): string | null {
  if (endedBy === "cancel") return ticket.cancelled_by;
  return move.state === "cancelled" ? ticket.worker : null;
}

async function putBack(session: Session, list: readonly Again[]): Promise<void> {
  const tickets = list.map(({ ticket }) => ticket);
  await session.run(
    RECORD_ATTEMPTS,
    session.now(),
    numberArray(tickets.map(({ job }) => job)),
    numberArray(tickets.map(({ token }) => token)),
    numberArray(tickets.map(({ attempt }) => attempt)),
    textArray(list.map(({ move }) => move.ending)),
    textArray(tickets.map(({ worker }) => worker)),
    numberArray(tickets.map((ticket) => ticket.attempt_started_at)),
    textArray(list.map(({ move }) => (move.error === null ? null : JSON.stringify(move.error)))),
  );
  const scheduled = list.filter(({ move }) => move.to === "scheduled");
  if (scheduled.length > 0) {
    const delays = numberArray(scheduled.map(({ move }) => (move.to === "scheduled" ? move.delayMs : 0)));
    const { ids, lanes, priorities, attempts, tokens, starts } = columnsOf(scheduled);
    await session.run(TO_SCHEDULED, session.now(), ids, lanes, priorities, delays, attempts, tokens, starts);
    session.wake("scheduled");
  }
  const ready = list.filter(({ move }) => move.to === "ready");
  if (ready.length > 0) {
    const { ids, lanes, priorities, attempts, tokens, starts } = columnsOf(ready);
    const dueTimes = numberArray(ready.map(({ ticket }) => ticket.run_at));
    await session.run(TO_READY, ids, lanes, priorities, dueTimes, attempts, tokens, starts);
    session.wake("ready");
  }
}

function columnsOf(list: readonly Again[]) {
  return {
    ids: numberArray(list.map(({ ticket }) => ticket.job)),
    lanes: numberArray(list.map(({ ticket }) => ticket.lane)),
    priorities: numberArray(list.map(({ ticket }) => ticket.priority)),
    attempts: numberArray(list.map(({ ticket, move }) => (countsAttempt(move) ? ticket.attempt : ticket.attempt - 1))),
    tokens: numberArray(list.map(({ ticket }) => ticket.token)),
    starts: numberArray(list.map(({ ticket }) => ticket.started_at)),
  };
}

function eventOf(move: Move): JobEventType {
  if (move.to === "done") return move.state;
  if (move.to === "ready") return move.ending;
  return move.ending === "failed" ? "retrying" : "snoozed";
}
