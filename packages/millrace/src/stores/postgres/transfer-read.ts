import type { QueueOverrides } from "../../core/queue.ts";
import {
  PAGE_CHARACTERS,
  PAGE_COUNT,
  type LiveWork,
  type LogLineRecord,
  type RecordCounts,
  type TransferRecord,
} from "../../core/transfer.ts";
import type { LateReportRow } from "../sql/late-report-row.ts";
import {
  apiKeyRecordFrom,
  artifactRecordFrom,
  earlierAttemptFrom,
  jobRecordFrom,
  lateReportRecordFrom,
  liveWorkFrom,
  TICKET_COLUMNS,
  webhookRecordFrom,
  type ApiKeyTransferRow,
  type ArtifactTransferRow,
  type AttemptTransferRow,
  type JobTransferRow,
  type LostTickets,
  type RunningTransferRow,
  type WebhookTransferRow,
} from "../sql/transfer-row.ts";
import { numberArray } from "./arrays.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const COUNTS: NamedSql = {
  name: "EXPORT_COUNTS",
  sql: `SELECT (SELECT count(*) FROM millrace.queue) AS queue, (SELECT count(*) FROM millrace.counter) AS counter,
          (SELECT count(*) FROM millrace.schedule) AS schedule, (SELECT count(*) FROM millrace.api_key) AS "apiKey",
          (SELECT count(*) FROM millrace.webhook) AS webhook, (SELECT count(*) FROM millrace.job) AS job,
          (SELECT count(*) FROM millrace.attempt) AS attempt, (SELECT count(*) FROM millrace.log) AS log,
          (SELECT count(*) FROM millrace.artifact) AS artifact, (SELECT count(*) FROM millrace.late_report) AS "lateReport"`,
};
const NOW: NamedSql = { name: "EXPORT_NOW", sql: `SELECT ${presentAt(1)} AS now` };

/**
 * All jobs in one order, in which the numbers of each scope rise. Rows are made in that order too, but for those that a
 * transaction of a caller numbered when it ended: such a one comes with the latest row that has a lower number.
 */
const ORDERED = `
  SELECT seq, row_number() OVER (ORDER BY place, number NULLS FIRST) AS position FROM (
    SELECT seq, number, CASE WHEN number IS NULL THEN seq
      ELSE max(seq) OVER (PARTITION BY scope ORDER BY number ROWS UNBOUNDED PRECEDING) END AS place
    FROM millrace.job) p`;

const RUNNING: NamedSql = {
  name: "EXPORT_RUNNING",
  sql: `SELECT j.seq, o.position, j.id, c.scope, j.number, j.max_attempts, r.*
        FROM millrace.running r JOIN millrace.job j ON j.seq = r.job JOIN millrace.counter c ON c.id = j.scope
        JOIN (${ORDERED}) o ON o.seq = r.job ORDER BY o.position`,
};
const WORKERS: NamedSql = {
  name: "EXPORT_WORKERS",
  sql: `SELECT name, host, pid FROM millrace.worker WHERE alive_until > $1::text::bigint ORDER BY started_at, id`,
};
const QUEUES: NamedSql = {
  name: "EXPORT_QUEUES",
  sql: `SELECT id, org, name, paused_at, settings FROM millrace.queue WHERE id > $1::text::bigint ORDER BY id LIMIT ${PAGE_COUNT}`,
};
const COUNTERS: NamedSql = {
  name: "EXPORT_COUNTERS",
  sql: `SELECT id, org, scope, last, has_holes FROM millrace.counter WHERE id > $1::text::bigint ORDER BY id LIMIT ${PAGE_COUNT}`,
};
/** In the order of their bytes, which is the same in every database. */
const SCHEDULES: NamedSql = {
  name: "EXPORT_SCHEDULES",
  sql: `SELECT org, name, cron, time_zone, request, next_at, last_at FROM millrace.schedule
        ORDER BY org COLLATE "C", name COLLATE "C" OFFSET $1::text::bigint LIMIT ${PAGE_COUNT}`,
};
const API_KEYS: NamedSql = {
  name: "EXPORT_API_KEYS",
  sql: `SELECT id, org, name, role, digest, created_by, created_at, revoked_at FROM millrace.api_key
        WHERE id COLLATE "C" > $1::text ORDER BY id COLLATE "C" LIMIT ${PAGE_COUNT}`,
};
const WEBHOOKS: NamedSql = {
  name: "EXPORT_WEBHOOKS",
  sql: `SELECT id, org, url, events, sealed, created_by, created_at FROM millrace.webhook
        WHERE id COLLATE "C" > $1::text ORDER BY id COLLATE "C" LIMIT ${PAGE_COUNT}`,
};
const JOBS: NamedSql = {
  name: "EXPORT_JOBS",
  sql: `SELECT j.seq, j.id, q.org, q.name AS queue, c.scope, j.number, j.kind, j.priority, j.max_attempts, j.timeout_ms,
          j.backoff, j.run_at, j.created_at, j.created_by, j.key, j."group", j.tags, l.requires, l.fair_key, j.retry_of,
          x.sealed, x.trace, j.payload, ${TICKET_COLUMNS}
        FROM unnest($1::text::bigint[]) WITH ORDINALITY AS v (seq, place)
        JOIN millrace.job j ON j.seq = v.seq
        JOIN millrace.lane l ON l.id = j.lane
        JOIN millrace.queue q ON q.id = l.queue
        JOIN millrace.counter c ON c.id = j.scope
        LEFT JOIN millrace.done d ON d.job = j.seq
        LEFT JOIN millrace.running r ON r.job = j.seq
        LEFT JOIN millrace.ready y ON y.job = j.seq
        LEFT JOIN millrace.scheduled s ON s.job = j.seq
        LEFT JOIN millrace.blocked b ON b.job = j.seq
        LEFT JOIN millrace.companion x ON x.job = j.seq
        ORDER BY v.place`,
};
/** What belongs to some jobs, from after a token, a line or a turn on: where the jobs are several, all of it. */
const ATTEMPTS: NamedSql = {
  name: "EXPORT_ATTEMPTS",
  sql: `SELECT v.position, j.id, a.token, a.attempt, a.ending, a.worker, a.started_at, a.ended_at, a.error
        FROM unnest($1::text::bigint[], $2::text::bigint[]) AS v (seq, position)
        JOIN millrace.attempt a ON a.job = v.seq JOIN millrace.job j ON j.seq = v.seq
        WHERE a.token > $3::text::bigint ORDER BY v.position, a.token LIMIT ${PAGE_COUNT}`,
};
const LOGS: NamedSql = {
  name: "EXPORT_LOGS",
  sql: `SELECT j.id AS job, g.sequence, g.at, g.stream, g.attempt, g.text
        FROM unnest($1::text::bigint[], $2::text::bigint[]) AS v (seq, position)
        JOIN millrace.log g ON g.job = v.seq JOIN millrace.job j ON j.seq = v.seq
        WHERE g.sequence > $3::text::bigint ORDER BY v.position, g.sequence LIMIT ${PAGE_COUNT}`,
};
const ARTIFACTS: NamedSql = {
  name: "EXPORT_ARTIFACTS",
  sql: `SELECT * FROM (
          SELECT v.position, j.id, a.name, a.size, a.sha256, a.content_type, a.created_by, a.created_at, a.place,
            row_number() OVER (PARTITION BY v.seq ORDER BY a.name COLLATE "C") AS turn
          FROM unnest($1::text::bigint[], $2::text::bigint[]) AS v (seq, position)
          JOIN millrace.artifact a ON a.job = v.seq JOIN millrace.job j ON j.seq = v.seq) n
        WHERE turn > $3::text::bigint ORDER BY position, turn LIMIT ${PAGE_COUNT}`,
};

const LATE_REPORTS: NamedSql = {
  name: "EXPORT_LATE_REPORTS",
  sql: `SELECT j.id, r.token, r.at, r.sent_by, r.report
        FROM unnest($1::text::bigint[], $2::text::bigint[]) AS v (seq, position)
        JOIN millrace.late_report r ON r.job = v.seq JOIN millrace.job j ON j.seq = v.seq
        WHERE r.token > $3::text::bigint ORDER BY v.position, r.token LIMIT ${PAGE_COUNT}`,
};

/** Jobs, each with how much of a page it takes. Sizes are asked of the head of a value; the values are not read. */
const JOB_ORDER = `
  SELECT o.seq, o.position,
    500 + octet_length(j.payload) + coalesce(octet_length(d.result), 0) + coalesce(octet_length(x.sealed), 0) AS size
  FROM (${ORDERED}) o JOIN millrace.job j ON j.seq = o.seq LEFT JOIN millrace.done d ON d.job = o.seq
  LEFT JOIN millrace.companion x ON x.job = o.seq ORDER BY o.position`;
/** Jobs that have rows in a table, each with how many. */
const orderBy = (table: Hanging): string => `
  SELECT o.seq, o.position, n.size
  FROM (SELECT job, count(*) AS size FROM millrace.${table} GROUP BY job) n JOIN (${ORDERED}) o ON o.seq = n.job
  ORDER BY o.position`;

/** What jobs may have several of. */
type Hanging = "attempt" | "log" | "artifact" | "late_report";

interface OrderRow {
  readonly seq: number;
  readonly position: number;
  readonly size: number;
}

type Page = readonly TransferRecord[];

/** By the clock of the store. */
export async function readPresent(session: Session): Promise<number> {
  return only(await session.get<{ now: number }>(NOW, session.now())).now;
}

/** How many rows there are; the attempts without those that the export itself ends. */
export async function countRecords(session: Session): Promise<RecordCounts> {
  return only(await session.get<RecordCounts>(COUNTS));
}

function only<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("such a row is always there");
  return row;
}

/** As many as all workers carry at once. */
export async function readRunning(session: Session): Promise<readonly RunningTransferRow[]> {
  return session.all<RunningTransferRow>(RUNNING);
}

export async function readLiveWork(
  session: Session,
  running: readonly RunningTransferRow[],
  now: number,
): Promise<LiveWork> {
  return liveWorkFrom(running, await session.all<LiveWork["workers"][number]>(WORKERS, now), now);
}

/** Everything in its order, inside a transaction that sees one state of it. */
export async function* readPages(session: Session, lost: LostTickets): AsyncGenerator<Page> {
  yield* readNames(session);
  for await (const jobs of groupsOf(session, JOB_ORDER, PAGE_CHARACTERS)) {
    const rows = await session.all<JobTransferRow>(JOBS, numberArray(jobs.map(({ seq }) => seq)));
    yield rows.map((row) => jobRecordFrom(row, lost.get(row.seq)));
  }
  const lostBefore = lost.walk();
  for await (const rows of readAlong<AttemptTransferRow>(session, "attempt", ATTEMPTS, ({ token }) => token)) {
    yield rows.flatMap((row) => [...lostBefore(row.position), earlierAttemptFrom(row)]);
  }
  const rest = lostBefore(Number.POSITIVE_INFINITY);
  if (rest.length > 0) yield rest;
  for await (const rows of readAlong<LogRow>(session, "log", LOGS, ({ sequence }) => sequence)) {
    yield rows.map((row) => ({ type: "log", ...row }));
  }
  for await (const rows of readAlong<ArtifactRow>(session, "artifact", ARTIFACTS, ({ turn }) => turn)) {
    yield rows.map(artifactRecordFrom);
  }
  for await (const rows of readAlong<LateReportRow>(session, "late_report", LATE_REPORTS, ({ token }) => token)) {
    yield rows.map(lateReportRecordFrom);
  }
}

async function* readNames(session: Session): AsyncGenerator<Page> {
  for (let after = 0, rows: QueueRow[]; (rows = await session.all<QueueRow>(QUEUES, after)).length > 0;) {
    after = rows.at(-1)?.id ?? after;
    yield rows.map(({ org, name, paused_at: pausedAt, settings }) => {
      return { type: "queue", org, name, pausedAt, settings: JSON.parse(settings) as QueueOverrides };
    });
  }
  for (let after = 0, rows: CounterRow[]; (rows = await session.all<CounterRow>(COUNTERS, after)).length > 0;) {
    after = rows.at(-1)?.id ?? after;
    yield rows.map(({ org, scope, last, has_holes: hasHoles }) => ({ type: "counter", org, scope, last, hasHoles }));
  }
  for (let from = 0, rows: ScheduleRow[]; (rows = await session.all<ScheduleRow>(SCHEDULES, from)).length > 0;) {
    from += rows.length;
    yield rows.map(({ org, name, cron, time_zone: timeZone, next_at: nextAt, last_at: lastAt, request }) => {
      return { type: "schedule", org, name, cron, timeZone, nextAt, lastAt, request: JSON.parse(request) as Json };
    });
  }
  for (let after = "", rows: KeyRow[]; (rows = await session.all<KeyRow>(API_KEYS, after)).length > 0;) {
    after = rows.at(-1)?.id ?? after;
    yield rows.map(apiKeyRecordFrom);
  }
  for (let after = "", rows: HookRow[]; (rows = await session.all<HookRow>(WEBHOOKS, after)).length > 0;) {
    after = rows.at(-1)?.id ?? after;
    yield rows.map(webhookRecordFrom);
  }
}

/** The rows of a table in the order of their jobs; a job with more than a page of them takes several. */
async function* readAlong<Row>(
  session: Session,
  table: Hanging,
  statement: NamedSql,
  keyOf: (row: Row) => number,
): AsyncGenerator<Row[]> {
  for await (const jobs of groupsOf(session, orderBy(table), PAGE_COUNT)) {
    const seqs = numberArray(jobs.map(({ seq }) => seq));
    const positions = numberArray(jobs.map(({ position }) => position));
    let after = 0;
    for (;;) {
      const rows = await session.all<Row>(statement, seqs, positions, after);
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (jobs.length > 1 || rows.length < PAGE_COUNT || last === undefined) break;
      after = keyOf(last);
    }
  }
}

let cursorCount = 0;

/** Jobs in the order of a query, in groups whose sizes together stay within a limit, or of one that is beyond it. */
async function* groupsOf(session: Session, query: string, limit: number): AsyncGenerator<readonly OrderRow[]> {
  const cursor = `millrace_order_${(cursorCount += 1)}`;
  await session.adHoc(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, []);
  try {
    let group: OrderRow[] = [];
    let size = 0;
    for (;;) {
      const rows = await session.adHoc<OrderRow>(`FETCH ${PAGE_COUNT} FROM ${cursor}`, []);
      for (const row of rows) {
        if (group.length > 0 && (group.length === PAGE_COUNT || size + row.size > limit)) {
          yield group;
          [group, size] = [[], 0];
        }
        group.push(row);
        size += row.size;
      }
      if (rows.length < PAGE_COUNT) break;
    }
    if (group.length > 0) yield group;
  } finally {
    // In a transaction that has failed there is no cursor any more.
    await session.adHoc(`CLOSE ${cursor}`, []).catch(() => undefined);
  }
}

type Json = Readonly<Record<string, unknown>>;

interface QueueRow {
  readonly id: number;
  readonly org: string;
  readonly name: string;
  readonly paused_at: number | null;
  readonly settings: string;
}

interface CounterRow {
  readonly id: number;
  readonly org: string;
  readonly scope: string;
  readonly last: number;
  readonly has_holes: boolean;
}

interface ScheduleRow {
  readonly org: string;
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly request: string;
  readonly next_at: number | null;
  readonly last_at: number | null;
}

type KeyRow = ApiKeyTransferRow;
type HookRow = WebhookTransferRow;
type LogRow = Omit<LogLineRecord, "type">;
/** With its place among those of its job. */
type ArtifactRow = ArtifactTransferRow & { readonly turn: number };
