import type { JobId } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { MAX_LOG_LINE_LENGTH, MAX_LOG_LINES } from "../../core/log-line.ts";
import type { HeartbeatStatus, Report } from "../../core/store.ts";
import { numberArray, textArray, tokenArray } from "./arrays.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

/** Job and token must name the ticket in `running`. */
const NAMED = `
  WITH asked AS MATERIALIZED (
    SELECT v.id, v.token, j.seq FROM unnest($1::text::text[], $2::text::bigint[]) AS v (id, token)
    JOIN millrace.job j ON ${lookUp("j.id", "v.id")}
  )
  SELECT r.job, a.id, r.token, r.attempt FROM asked a JOIN millrace.running r ON ${lookUp("r.job", "a.seq")} AND r.token = a.token
  ORDER BY a.seq`;

/**
 * Guard of what an attempt enqueues: its ticket stays where it is until the commit. Heartbeats go on meanwhile, however
 * long the transaction takes.
 */
const HOLD: NamedSql = { name: "LEASE_HOLD", sql: `${NAMED} FOR KEY SHARE OF r` };

/** Guard of what an attempt reports; lines of one job are written one call after the other. */
const HOLD_ALONE: NamedSql = { name: "LEASE_HOLD_ALONE", sql: `${NAMED} FOR NO KEY UPDATE OF r` };

/**
 * Prolong leases of a worker, and say that it is alive. A ticket that another statement holds right now is left alone:
 * waiting for it could make two statements wait for each other.
 */
const PROLONG: NamedSql = {
  name: "LEASE_PROLONG",
  sql: `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    alive AS (
      UPDATE millrace.worker w SET seen_at = t.now, alive_until = greatest(w.alive_until, t.now + $3::text::bigint)
      FROM t WHERE w.id = $2::text
    ),
    asked AS MATERIALIZED (
      SELECT v.place, j.seq, v.token FROM unnest($4::text::text[], $5::text::bigint[]) WITH ORDINALITY AS v (id, token, place)
      JOIN millrace.job j ON ${lookUp("j.id", "v.id")}
    ),
    free AS MATERIALIZED (
      SELECT r.job FROM asked a JOIN millrace.running r ON ${lookUp("r.job", "a.seq")} AND a.token = r.token FOR NO KEY UPDATE OF r SKIP LOCKED
    ),
    prolonged AS (
      UPDATE millrace.running r SET lease_until = greatest(r.lease_until, t.now + $3::text::bigint) FROM t, free
      WHERE ${lookUp("r.job", "free.job")} RETURNING r.job
    )
    SELECT a.place, r.cancel_requested_at IS NOT NULL AS is_cancelling, p.job IS NOT NULL AS is_prolonged,
      r.lease_until <= t.now AS is_over
    FROM t CROSS JOIN asked a JOIN millrace.running r ON ${lookUp("r.job", "a.seq")} AND r.token = a.token
    LEFT JOIN prolonged p ON p.job = a.seq`,
};
/** The same for one lease, and waits for whoever holds its ticket: it holds nothing that another could wait for. */
const PROLONG_ALONE: NamedSql = {
  name: "LEASE_PROLONG_ALONE",
  sql: `UPDATE millrace.running r SET lease_until = greatest(r.lease_until, ${presentAt(1)} + $2::text::bigint)
        FROM millrace.job j WHERE j.id = $3::text AND ${lookUp("r.job", "j.seq")} AND r.token = $4::text::bigint
        RETURNING r.cancel_requested_at IS NOT NULL AS is_cancelling`,
};
const CANCEL_REQUESTS: NamedSql = {
  name: "LEASE_CANCEL_REQUESTS",
  sql: `SELECT j.id AS job, r.token, r.cancel_reason AS reason FROM millrace.running r JOIN millrace.job j ON ${lookUp("j.seq", "r.job")}
        WHERE r.worker = $1::text AND r.cancel_requested_at IS NOT NULL`,
};
const SET_PROGRESS: NamedSql = {
  name: "REPORT_PROGRESS",
  sql: `UPDATE millrace.running r SET percent = v.percent, message = v.message
        FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::float8[], $4::text::text[]) AS v (job, token, percent, message)
        WHERE ${lookUp("r.job", "v.job")} AND r.token = v.token`,
};
const LAST_LINES: NamedSql = {
  name: "REPORT_LAST_LINES",
  sql: `SELECT g.job, max(g.sequence)::bigint AS last FROM millrace.log g WHERE g.job = ANY ($1::text::bigint[]) GROUP BY g.job`,
};
const ADD_LINES: NamedSql = {
  name: "REPORT_ADD_LINES",
  sql: `INSERT INTO millrace.log (job, sequence, at, stream, attempt, text)
        SELECT v.job, v.sequence, t.now, v.stream, v.attempt, v.text
        FROM (SELECT ${presentAt(1)} AS now) t,
          unnest($2::text::bigint[], $3::text::bigint[], $4::text::text[], $5::text::bigint[], $6::text::text[]) AS v (job, sequence, stream, attempt, text)`,
};

interface HeldRow {
  readonly job: number;
  readonly id: JobId;
  readonly token: number;
  readonly attempt: number;
}

function columnsOf(leases: readonly LeaseRef[]): readonly [ids: string, tokens: string] {
  return [textArray(leases.map(({ job }) => job)), tokenArray(leases.map(({ token }) => token))];
}

export async function holdsLease(session: Session, lease: LeaseRef): Promise<boolean> {
  return (await session.get(HOLD, ...columnsOf([lease]))) !== undefined;
}

/** What has become of a lease; "over": it ran out, and another statement holds its ticket. */
type Prolonged = HeartbeatStatus | "over";

interface ProlongedRow {
  readonly place: number;
  readonly is_cancelling: boolean;
  readonly is_prolonged: boolean;
  readonly is_over: boolean;
}

async function prolong(
  session: Session,
  worker: string,
  leases: readonly LeaseRef[],
  leaseMs: number,
): Promise<readonly Prolonged[]> {
  const rows = await session.all<ProlongedRow>(PROLONG, session.now(), worker, leaseMs, ...columnsOf(leases));
  const statuses = leases.map((): Prolonged => "lost");
  for (const row of rows) statuses[row.place - 1] = statusOf(row);
  return statuses;
}

function statusOf({ is_cancelling, is_prolonged, is_over }: ProlongedRow): Prolonged {
  if (is_prolonged) return is_cancelling ? "cancel" : "held";
  return is_over ? "over" : "locked";
}

/** So often it is tried to prolong what another statement holds; reports and cancels are over by then. */
const MOST_TRIES = 5;
const TRY_EVERY_MS = 20;

/**
 * As `Store.heartbeat`. What stays locked while its lease is good is being settled by its own worker, in a transaction
 * that takes its time, or reported by it, on a server that takes its own. Once the lease is over, somebody else may be
 * about to take the job, and what becomes of that is waited for.
 * @param single runs a statement that is a transaction by itself
 */
export async function prolongLeases(
  single: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  worker: string,
  leases: readonly LeaseRef[],
  leaseMs: number,
): Promise<readonly HeartbeatStatus[]> {
  const ask = (some: readonly LeaseRef[]): Promise<readonly Prolonged[]> =>
    single((session) => prolong(session, worker, some, leaseMs));
  const statuses = [...(await ask(leases))];
  for (let tries = 1; tries < MOST_TRIES && statuses.some(isUnsure); tries++) {
    await new Promise((resolve) => void setTimeout(resolve, TRY_EVERY_MS));
    const places = statuses.flatMap((status, place) => (isUnsure(status) ? [place] : []));
    const again = await ask(places.map((place) => leases[place] as LeaseRef));
    places.forEach((place, i) => (statuses[place] = again[i] ?? "lost"));
  }
  return Promise.all(
    statuses.map(async (status, place): Promise<HeartbeatStatus> => {
      return status === "over"
        ? single((session) => waitAndProlong(session, leases[place] as LeaseRef, leaseMs))
        : status;
    }),
  );
}

function isUnsure(status: Prolonged): boolean {
  return status === "locked" || status === "over";
}

async function waitAndProlong(session: Session, { job, token }: LeaseRef, leaseMs: number): Promise<HeartbeatStatus> {
  const row = await session.get<Pick<ProlongedRow, "is_cancelling">>(PROLONG_ALONE, session.now(), leaseMs, job, token);
  if (row === undefined) return "lost";
  return row.is_cancelling ? "cancel" : "held";
}

export async function readCancelRequests(
  session: Session,
  worker: string,
): Promise<readonly { readonly job: JobId; readonly token: number; readonly reason: string | null }[]> {
  return session.all(CANCEL_REQUESTS, worker);
}

/** As `Store.report`, inside a transaction. */
export async function keepReports(session: Session, reports: readonly Report[]): Promise<readonly ("kept" | "lost")[]> {
  const rows = await session.all<HeldRow>(HOLD_ALONE, ...columnsOf(reports));
  const held = reports.map(({ job, token }) => rows.find((row) => row.id === job && row.token === token));
  const talking = held.flatMap((row, i) => {
    const report = reports[i];
    return row === undefined || report === undefined ? [] : [{ row, report }];
  });
  await keepProgress(session, talking);
  await keepLines(session, talking);
  return held.map((row) => (row === undefined ? "lost" : "kept"));
}

interface Talking {
  readonly row: HeldRow;
  readonly report: Report;
}

async function keepProgress(session: Session, talking: readonly Talking[]): Promise<void> {
  // Of two reports of one job the later one stands.
  const latest = new Map(talking.filter(({ report }) => report.progress !== null).map((each) => [each.row.job, each]));
  if (latest.size === 0) return;
  const list = [...latest.values()];
  await session.run(
    SET_PROGRESS,
    numberArray(list.map(({ row }) => row.job)),
    numberArray(list.map(({ row }) => row.token)),
    numberArray(list.map(({ report }) => report.progress?.percent ?? null)),
    textArray(list.map(({ report }) => report.progress?.message ?? null)),
  );
  for (const { row } of list) session.note("progress", row.job);
}

async function keepLines(session: Session, talking: readonly Talking[]): Promise<void> {
  const chatty = talking.filter(({ report }) => report.lines.length > 0);
  if (chatty.length === 0) return;
  const jobs = numberArray([...new Set(chatty.map(({ row }) => row.job))]);
  const rows = await session.all<{ job: number; last: number }>(LAST_LINES, jobs);
  const lastByJob = new Map(rows.map(({ job, last }) => [job, last]));
  const lines = chatty.flatMap(({ row, report }) =>
    report.lines.flatMap(({ stream, text }) => {
      const sequence = (lastByJob.get(row.job) ?? 0) + 1;
      if (sequence > MAX_LOG_LINES) return [];
      lastByJob.set(row.job, sequence);
      const isLast = sequence === MAX_LOG_LINES;
      const kept = isLast ? `the log is full: lines after the first ${MAX_LOG_LINES - 1} are dropped` : cut(text);
      return [{ row, sequence, stream: isLast ? "log" : stream, text: kept }];
    }),
  );
  if (lines.length === 0) return;
  await session.run(
    ADD_LINES,
    session.now(),
    numberArray(lines.map(({ row }) => row.job)),
    numberArray(lines.map(({ sequence }) => sequence)),
    textArray(lines.map(({ stream }) => stream)),
    numberArray(lines.map(({ row }) => row.attempt)),
    textArray(lines.map(({ text }) => text)),
  );
}

function cut(text: string): string {
  return text.length <= MAX_LOG_LINE_LENGTH ? text : `${text.slice(0, MAX_LOG_LINE_LENGTH - 1)}…`;
}
