import { resolveQueueSettings, type QueueOverrides } from "../../core/queue.ts";
import type { CancelRequest, CancelResult } from "../../core/store.ts";
import { readJob, readJobs } from "./read.ts";
import type { NamedSql, Session } from "./session.ts";

/** Take a waiting ticket away, wherever it waits. */
const TAKE_WAITING: readonly NamedSql[] = ["ready", "scheduled", "blocked"].map((table) => ({
  name: `CANCEL_TAKE_${table.toUpperCase()}`,
  sql: `DELETE FROM millrace_${table} WHERE job = (SELECT seq FROM millrace_job WHERE id = ?)
        RETURNING job, attempt, token, started_at`,
}));

/** The outcome of a job that was cancelled while it waited. It is not ended before it was created, whatever the clock. */
const FINISH_WAITING: NamedSql = {
  name: "CANCEL_FINISH_WAITING",
  sql: `INSERT INTO millrace_done (job, state, attempt, token, ended_by, worker, started_at, finished_at, cancel_requested_at, cancelled_by, cancel_reason)
        SELECT j.seq, 'cancelled', ?2, ?3, 'cancel',
               (SELECT a.worker FROM millrace_attempt a WHERE a.job = j.seq ORDER BY a.token DESC LIMIT 1), ?4, max(?5, j.created_at, coalesce(?4, 0)),
               max(?5, j.created_at, coalesce(?4, 0)), ?6, ?7
        FROM millrace_job j WHERE j.seq = ?1`,
};

/** The first request stands; a later one changes nothing. */
const REQUEST: NamedSql = {
  name: "CANCEL_REQUEST",
  sql: `UPDATE millrace_running SET cancel_requested_at = ?2, cancel_until = ?2 + ?3, cancelled_by = ?4, cancel_reason = ?5
        WHERE job = (SELECT seq FROM millrace_job WHERE id = ?1) AND cancel_requested_at IS NULL RETURNING job`,
};
const SETTINGS: NamedSql = {
  name: "CANCEL_SETTINGS",
  sql: `SELECT settings FROM millrace_queue WHERE org = ? AND name = ?`,
};

interface WaitingRow {
  readonly job: number;
  readonly attempt: number;
  readonly token: number;
  readonly started_at: number | null;
}

/** As `Store.cancel`, inside a transaction. */
export function cancelJobs(session: Session, requests: readonly CancelRequest[]): readonly CancelResult[] {
  return requests.map((request) => cancelOne(session, request));
}

function cancelOne(session: Session, { id, by, reason }: CancelRequest): CancelResult {
  const [job] = readJobs(session, [id]);
  if (job === undefined || job === null) return { status: "not_found" };
  switch (job.state) {
    case "completed":
    case "failed":
      return { status: "finished", job };
    case "cancelled":
      return { status: "cancelled", job };
    case "running": {
      const row = session.get<{ settings: string }>(SETTINGS, job.org, job.queue);
      const { cancelGraceMs } = resolveQueueSettings(JSON.parse(row?.settings ?? "{}") as QueueOverrides);
      const asked = session.get<{ job: number }>(REQUEST, id, session.now(), cancelGraceMs, by, reason);
      if (asked !== undefined) {
        session.note("cancel_requested", asked.job);
        session.wake("cancel");
      }
      return { status: "requested", job: readJob(session, id) };
    }
    case "blocked":
    case "scheduled":
    case "queued":
      endWaiting(session, id, by, reason);
      return { status: "cancelled", job: readJob(session, id) };
  }
}

function endWaiting(session: Session, id: string, by: string | null, reason: string | null): void {
  for (const statement of TAKE_WAITING) {
    const ticket = session.get<WaitingRow>(statement, id);
    if (ticket === undefined) continue;
    const { job, attempt, token, started_at: startedAt } = ticket;
    session.run(FINISH_WAITING, job, attempt, token, startedAt, session.now(), by, reason);
    session.note("cancelled", job);
  }
}
