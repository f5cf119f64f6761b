import { resolveQueueSettings, type QueueOverrides } from "../../core/queue.ts";
import type { CancelRequest, CancelResult } from "../../core/store.ts";
import { dismissCompanions } from "./companions.ts";
import { readJobs } from "./read.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** Take a waiting ticket away, wherever it waits. Waits for whoever moves it right now, and then finds it gone. */
const TAKE_WAITING: NamedSql = {
  name: "CANCEL_TAKE_WAITING",
  sql: `WITH j AS MATERIALIZED (SELECT seq FROM millrace.job WHERE id = $1::text),
    ready AS (DELETE FROM millrace.ready y USING j WHERE ${lookUp("y.job", "j.seq")} RETURNING y.job, y.attempt, y.token, y.started_at),
    scheduled AS (DELETE FROM millrace.scheduled s USING j WHERE ${lookUp("s.job", "j.seq")} RETURNING s.job, s.attempt, s.token, s.started_at),
    blocked AS (DELETE FROM millrace.blocked b USING j WHERE ${lookUp("b.job", "j.seq")} RETURNING b.job, b.attempt, b.token, b.started_at)
    SELECT * FROM ready UNION ALL SELECT * FROM scheduled UNION ALL SELECT * FROM blocked`,
};

/** The outcome of a job that was cancelled while it waited. It is not ended before it was created, whatever the clock. */
const FINISH_WAITING: NamedSql = {
  name: "CANCEL_FINISH_WAITING",
  sql: `WITH ended AS (
        INSERT INTO millrace.done (job, state, attempt, token, ended_by, worker, started_at, finished_at, cancel_requested_at, cancelled_by, cancel_reason)
        SELECT j.seq, 'cancelled', $3::text::bigint, $4::text::bigint, 'cancel',
          (SELECT a.worker FROM millrace.attempt a WHERE a.job = j.seq ORDER BY a.token DESC LIMIT 1),
          $5::text::bigint, greatest(t.now, j.created_at, $5::text::bigint), greatest(t.now, j.created_at, $5::text::bigint), $6::text, $7::text
        FROM millrace.job j, (SELECT ${presentAt(1)} AS now) t WHERE j.seq = $2::text::bigint RETURNING job)
        ${dismissCompanions("ended")}`,
};

/** The first request stands; a later one changes nothing. */
const REQUEST: NamedSql = {
  name: "CANCEL_REQUEST",
  sql: `UPDATE millrace.running r SET cancel_requested_at = t.now, cancel_until = t.now + $3::text::bigint, cancelled_by = $4::text, cancel_reason = $5::text
        FROM (SELECT ${presentAt(1)} AS now) t, millrace.job j
        WHERE j.id = $2::text AND ${lookUp("r.job", "j.seq")} AND r.cancel_requested_at IS NULL RETURNING r.job`,
};
const SETTINGS: NamedSql = {
  name: "CANCEL_SETTINGS",
  sql: `SELECT settings FROM millrace.queue WHERE org = $1::text AND name = $2::text`,
};

interface WaitingRow {
  readonly job: number;
  readonly attempt: number;
  readonly token: number;
  readonly started_at: number | null;
}

/** A ticket that moves on every time it is reached for is not met more often than this by chance. */
const MOST_TRIES = 20;

/** As `Store.cancel`, inside a transaction. */
export async function cancelJobs(
  session: Session,
  requests: readonly CancelRequest[],
): Promise<readonly CancelResult[]> {
  const results: CancelResult[] = [];
  for (const request of requests) results.push(await cancelOne(session, request));
  return results;
}

/** Between a look and the move that follows from it the ticket may have moved; then it is looked for again. */
async function cancelOne(session: Session, request: CancelRequest): Promise<CancelResult> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const result = await tryToCancel(session, request);
    if (result !== undefined) return result;
  }
  throw new Error(`the ticket of ${request.id} is not to be found`);
}

async function tryToCancel(session: Session, { id, by, reason }: CancelRequest): Promise<CancelResult | undefined> {
  const [job] = await readJobs(session, [id]);
  if (job === undefined || job === null) return { status: "not_found" };
  switch (job.state) {
    case "completed":
    case "failed":
      return { status: "finished", job };
    case "cancelled":
      return { status: "cancelled", job };
    case "running": {
      const row = await session.get<{ settings: string }>(SETTINGS, job.org, job.queue);
      const { cancelGraceMs } = resolveQueueSettings(JSON.parse(row?.settings ?? "{}") as QueueOverrides);
      const asked = await session.get<{ job: number }>(REQUEST, session.now(), id, cancelGraceMs, by, reason);
      const [now] = await readJobs(session, [id]);
      if (asked !== undefined) {
        session.note("cancel_requested", asked.job);
        session.wake("cancel");
      }
      return now?.state === "running" && now.cancelRequestedAt !== null ? { status: "requested", job: now } : undefined;
    }
    case "blocked":
    case "scheduled":
    case "queued": {
      const ticket = await session.get<WaitingRow>(TAKE_WAITING, id);
      if (ticket === undefined) return undefined;
      const { job: seq, attempt, token, started_at: startedAt } = ticket;
      await session.run(FINISH_WAITING, session.now(), seq, attempt, token, startedAt, by, reason);
      session.note("cancelled", seq);
      const [ended] = await readJobs(session, [id]);
      return ended === undefined || ended === null ? undefined : { status: "cancelled", job: ended };
    }
  }
}
