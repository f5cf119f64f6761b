import type { AttemptEnding, JobId } from "../../core/job.ts";
import type { Move, Settlement } from "../../core/settlement.ts";
import type { FinalState } from "../../core/states.ts";
import type { SettleStatus } from "../../core/store.ts";
import { afterCancel, saysTheSame } from "../../core/transition.ts";
import { numberArray, textArray, tokenArray } from "./arrays.ts";
import { dismissCompanions } from "./companions.ts";
import { placeTickets, type RunningRow } from "./place-tickets.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/**
 * Completions of a batch: running → done for each job whose token is current and of which no cancel was accepted.
 * Guard: job and token, in the statement that deletes the ticket. Answers how many it moved, which is nearly always all.
 * A transaction by itself, or a part of one.
 * @param more a further part of the statement
 */
const completing = (more: string): string => `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    asked AS MATERIALIZED (
      SELECT * FROM unnest($2::text::bigint[], $3::text::bigint[], $4::text::text[]) AS v (job, token, result)
    ),
    ended AS (
      DELETE FROM millrace.running r USING asked a
      WHERE ${lookUp("r.job", "a.job")} AND r.token = a.token AND r.cancel_requested_at IS NULL
      RETURNING r.*, a.result
    ),
    finished AS (
      INSERT INTO millrace.done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at, result, percent, message)
      SELECT e.job, 'completed', e.attempt, e.token, 'worker', e.worker, e.started_at, e.attempt_started_at,
        greatest(t.now, e.attempt_started_at), e.result, e.percent, e.message
      FROM ended e, t
    ),
    noted AS (
      INSERT INTO millrace.event (at, type, jobs)
      SELECT t.now, 'completed', e.jobs FROM t, (SELECT array_agg(job) AS jobs FROM ended) e WHERE e.jobs IS NOT NULL
    )${more}
    SELECT count(*) AS n FROM ended`;
const COMPLETE: NamedSql = { name: "SETTLE_COMPLETE", sql: completing("") };
/** Where something travels beside one of the jobs. A table more in the plan costs a twentieth of the whole. */
const COMPLETE_ACCOMPANIED: NamedSql = {
  name: "SETTLE_COMPLETE_ACCOMPANIED",
  sql: completing(`,
    dismissed AS (${dismissCompanions("ended")})`),
};

/** Take tickets out of `running`, those whose token is current. In the order of jobs, which nobody takes otherwise. */
const TAKE: NamedSql = {
  name: "SETTLE_TAKE",
  sql: `WITH asked AS MATERIALIZED (
      SELECT v.id, v.token, j.seq FROM unnest($1::text::text[], $2::text::bigint[]) AS v (id, token)
      JOIN millrace.job j ON ${lookUp("j.id", "v.id")}
    ),
    held AS MATERIALIZED (
      SELECT r.job, a.id FROM asked a JOIN millrace.running r ON ${lookUp("r.job", "a.seq")} AND r.token = a.token
      ORDER BY a.seq FOR UPDATE OF r
    )
    DELETE FROM millrace.running r USING held WHERE ${lookUp("r.job", "held.job")} RETURNING held.id, r.*`,
};

/** What these tokens wrote, if they did: a report may come twice when its answer got lost. */
const WRITTEN: NamedSql = {
  name: "SETTLE_WRITTEN",
  sql: `SELECT v.id, v.token, a.ending, d.state, d.ended_by
        FROM unnest($1::text::text[], $2::text::bigint[]) AS v (id, token)
        JOIN millrace.job j ON ${lookUp("j.id", "v.id")}
        LEFT JOIN millrace.attempt a ON ${lookUp("a.job", "j.seq")} AND a.token = v.token
        LEFT JOIN millrace.done d ON ${lookUp("d.job", "j.seq")} AND d.token = v.token AND d.ended_by <> 'lease'`,
};

interface WrittenRow {
  readonly id: JobId;
  readonly token: number;
  readonly ending: AttemptEnding | null;
  readonly state: FinalState | null;
  readonly ended_by: string | null;
}

function columnsOf(settlements: readonly Settlement[]): readonly [ids: string, tokens: string] {
  return [textArray(settlements.map(({ job }) => job)), tokenArray(settlements.map(({ token }) => token))];
}

/** What is known of a job since it was claimed here. */
export interface HeldJob {
  readonly seq: number;
  readonly hasCompanion: boolean;
}

/** Whether all of them are completions of jobs that were claimed here, so that one statement does for the whole batch. */
export function areCompletions(settlements: readonly Settlement[], held: ReadonlyMap<JobId, HeldJob>): boolean {
  return settlements.every(({ job, move }) => move.to === "done" && move.state === "completed" && held.has(job));
}

/** The common case: one statement for all. Answers whether it carried out all of them. */
export async function completeJobs(
  session: Session,
  settlements: readonly Settlement[],
  held: ReadonlyMap<JobId, HeldJob>,
): Promise<boolean> {
  const jobs = settlements.map(({ job }) => held.get(job));
  const row = await session.get<{ n: number }>(
    // A job that is not known any more is not moved here, whatever travels beside it.
    jobs.some((job) => job?.hasCompanion === true) ? COMPLETE_ACCOMPANIED : COMPLETE,
    session.now(),
    numberArray(jobs.map((job) => job?.seq ?? null)),
    tokenArray(settlements.map(({ token }) => token)),
    textArray(settlements.map(({ move }) => (move.to === "done" ? move.result : null))),
  );
  if (row !== undefined && row.n > 0) session.wake("events");
  return row?.n === settlements.length;
}

/** As `Store.settle`, inside a transaction. Of two settlements of one ticket the first counts. */
export async function settleAttempts(
  session: Session,
  settlements: readonly Settlement[],
): Promise<readonly SettleStatus[]> {
  const statuses = new Map<Settlement, SettleStatus>();
  // Those behind another of their job in the batch may hold the current token when the first does not.
  for (let rest = settlements; rest.length > 0; rest = rest.filter((each) => !statuses.has(each))) {
    const batch = new Map<JobId, Settlement>();
    for (const settlement of rest) if (!batch.has(settlement.job)) batch.set(settlement.job, settlement);
    await settleEach(session, [...batch.values()], statuses);
  }
  return settlements.map((settlement) => statuses.get(settlement) ?? "lost");
}

async function settleEach(
  session: Session,
  batch: readonly Settlement[],
  statuses: Map<Settlement, SettleStatus>,
): Promise<void> {
  const rows = await session.all<RunningRow & { readonly id: JobId }>(TAKE, ...columnsOf(batch));
  const ticketByJob = new Map(rows.map((row) => [row.id, row]));
  const moved: Parameters<typeof placeTickets>[1][number][] = [];
  for (const settlement of batch) {
    const ticket = ticketByJob.get(settlement.job);
    if (ticket === undefined) continue;
    const isCancelled = ticket.cancel_requested_at !== null;
    const move = isCancelled ? afterCancel(ticket.cancel_reason) : settlement.move;
    moved.push({ ticket, move, endedBy: isCancelled ? "cancel" : "worker" });
    statuses.set(settlement, isCancelled ? "cancelled" : "settled");
  }
  await placeTickets(session, moved);
  await answerRepeats(
    session,
    batch.filter((settlement) => !ticketByJob.has(settlement.job)),
    statuses,
  );
}

async function answerRepeats(
  session: Session,
  batch: readonly Settlement[],
  statuses: Map<Settlement, SettleStatus>,
): Promise<void> {
  if (batch.length === 0) return;
  const rows = await session.all<WrittenRow>(WRITTEN, ...columnsOf(batch));
  for (const settlement of batch) {
    const written = rows.find((row) => row.id === settlement.job && row.token === settlement.token);
    statuses.set(settlement, statusOfRepeat(settlement.move, written));
  }
}

function statusOfRepeat(move: Move, written: WrittenRow | undefined): SettleStatus {
  if (written === undefined) return "lost";
  const { ending, state, ended_by: endedBy } = written;
  // The attempt first: a job cancelled while it waited ends under the token of an attempt that was over before.
  if (ending !== null) return ending !== "lost" && saysTheSame(move, { ending }) ? "settled" : "lost";
  if (state === null) return "lost";
  if (endedBy === "cancel") return "cancelled";
  return saysTheSame(move, { state }) ? "settled" : "lost";
}
