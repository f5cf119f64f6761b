import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { MAX_LOG_LINE_LENGTH, MAX_LOG_LINES } from "../../core/log-line.ts";
import type { HeartbeatStatus, Report } from "../../core/store.ts";
import type { NamedSql, Session } from "./session.ts";

/** Guard of every write under a lease: job and token must still name the ticket in `running`. */
const HELD: NamedSql = {
  name: "LEASE_HELD",
  sql: `SELECT r.job, r.attempt, r.cancel_requested_at FROM millrace_running r
        WHERE r.job = (SELECT seq FROM millrace_job WHERE id = ?) AND r.token = ?`,
};
const PROLONG: NamedSql = {
  name: "LEASE_PROLONG",
  sql: `UPDATE millrace_running SET lease_until = max(lease_until, ?3) WHERE job = ?1 AND token = ?2`,
};
const WORKER_ALIVE: NamedSql = {
  name: "WORKER_ALIVE",
  sql: `UPDATE millrace_worker SET seen_at = ?2, alive_until = max(alive_until, ?3) WHERE id = ?1`,
};
const CANCEL_REQUESTS: NamedSql = {
  name: "LEASE_CANCEL_REQUESTS",
  sql: `SELECT j.id AS job, r.token, r.cancel_reason AS reason FROM millrace_running r JOIN millrace_job j ON j.seq = r.job
        WHERE r.worker = ? AND r.cancel_requested_at IS NOT NULL`,
};
const SET_PROGRESS: NamedSql = {
  name: "REPORT_PROGRESS",
  sql: `UPDATE millrace_running SET percent = ?3, message = ?4 WHERE job = ?1 AND token = ?2`,
};
const LAST_LINE: NamedSql = {
  name: "REPORT_LAST_LINE",
  sql: `SELECT coalesce(max(sequence), 0) AS last FROM millrace_log WHERE job = ?`,
};
const ADD_LINE: NamedSql = {
  name: "REPORT_ADD_LINE",
  sql: `INSERT INTO millrace_log (job, sequence, at, stream, attempt, text) VALUES (?, ?, ?, ?, ?, ?)`,
};

interface HeldRow {
  readonly job: number;
  readonly attempt: number;
  readonly cancel_requested_at: number | null;
}

export function holdsLease(session: Session, lease: LeaseRef): boolean {
  return session.get(HELD, lease.job, lease.token) !== undefined;
}

/** As `Store.heartbeat`, inside a transaction. */
export function prolongLeases(
  session: Session,
  worker: string,
  leases: readonly LeaseRef[],
  leaseMs: number,
): readonly HeartbeatStatus[] {
  const now = session.now();
  session.run(WORKER_ALIVE, worker, now, now + leaseMs);
  return leases.map((lease) => {
    const held = session.get<HeldRow>(HELD, lease.job, lease.token);
    if (held === undefined) return "lost";
    session.run(PROLONG, held.job, lease.token, now + leaseMs);
    return held.cancel_requested_at === null ? "held" : "cancel";
  });
}

export function readCancelRequests(
  session: Session,
  worker: string,
): readonly { readonly job: JobId; readonly token: number; readonly reason: string | null }[] {
  return session.all(CANCEL_REQUESTS, worker);
}

/** As `Store.report`, inside a transaction. */
export function keepReports(session: Session, reports: readonly Report[]): readonly ("kept" | "lost")[] {
  return reports.map((report) => {
    const held = session.get<HeldRow>(HELD, report.job, report.token);
    if (held === undefined) return "lost";
    if (report.progress !== null) {
      session.run(SET_PROGRESS, held.job, report.token, report.progress.percent, report.progress.message);
      session.note("progress", held.job);
    }
    if (report.lines.length > 0) appendLines(session, held, report.lines);
    return "kept";
  });
}

function appendLines(session: Session, held: HeldRow, lines: Report["lines"]): void {
  const now = session.now();
  let sequence = session.get<{ last: number }>(LAST_LINE, held.job)?.last ?? 0;
  for (const { stream, text } of lines) {
    if (sequence >= MAX_LOG_LINES) return;
    sequence += 1;
    const isLast = sequence === MAX_LOG_LINES;
    const kept = isLast ? `the log is full: lines after the first ${MAX_LOG_LINES - 1} are dropped` : cut(text);
    session.run(ADD_LINE, held.job, sequence, now, isLast ? "log" : stream, held.attempt, kept);
  }
}

function cut(text: string): string {
  return text.length <= MAX_LOG_LINE_LENGTH ? text : `${text.slice(0, MAX_LOG_LINE_LENGTH - 1)}…`;
}
