import type { QueueOverrides } from "../../core/queue.ts";
import type { LiveWork, LogLineRecord, RecordCounts, TransferRecord } from "../../core/transfer.ts";
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
import type { NamedSql, Session } from "./session.ts";

const COUNTS: NamedSql = {
  name: "EXPORT_COUNTS",
  sql: `SELECT (SELECT count(*) FROM millrace_queue) AS queue, (SELECT count(*) FROM millrace_counter) AS counter,
          (SELECT count(*) FROM millrace_schedule) AS schedule, (SELECT count(*) FROM millrace_api_key) AS apiKey,
          (SELECT count(*) FROM millrace_webhook) AS webhook, (SELECT count(*) FROM millrace_job) AS job,
          (SELECT count(*) FROM millrace_attempt) AS attempt, (SELECT count(*) FROM millrace_log) AS log,
          (SELECT count(*) FROM millrace_artifact) AS artifact,
          (SELECT count(*) FROM millrace_late_report) AS lateReport`,
};
const RUNNING: NamedSql = {
  name: "EXPORT_RUNNING",
  sql: `SELECT j.seq, j.seq AS position, j.id, c.scope, j.number, j.max_attempts, r.*
        FROM millrace_running r JOIN millrace_job j ON j.seq = r.job JOIN millrace_counter c ON c.id = j.scope ORDER BY j.seq`,
};
const WORKERS: NamedSql = {
  name: "EXPORT_WORKERS",
  sql: `SELECT name, host, pid FROM millrace_worker WHERE alive_until > ? ORDER BY started_at, id`,
};
const QUEUES: NamedSql = {
  name: "EXPORT_QUEUES",
  sql: `SELECT org, name, paused_at, settings FROM millrace_queue ORDER BY id`,
};
const COUNTERS: NamedSql = {
  name: "EXPORT_COUNTERS",
  sql: `SELECT org, scope, last, has_holes FROM millrace_counter ORDER BY id`,
};
const SCHEDULES: NamedSql = {
  name: "EXPORT_SCHEDULES",
  sql: `SELECT org, name, cron, time_zone, request, next_at, last_at FROM millrace_schedule ORDER BY org, name`,
};
const API_KEYS: NamedSql = {
  name: "EXPORT_API_KEYS",
  sql: `SELECT id, org, name, role, digest, created_by, created_at, revoked_at FROM millrace_api_key ORDER BY id`,
};
const WEBHOOKS: NamedSql = {
  name: "EXPORT_WEBHOOKS",
  sql: `SELECT id, org, url, events, sealed, created_by, created_at FROM millrace_webhook ORDER BY id`,
};
/** Every job with its ticket, one after the other: each table is asked by its primary key. */
const JOBS: NamedSql = {
  name: "EXPORT_JOBS",
  sql: `SELECT j.seq, j.id, q.org, q.name AS queue, c.scope, j.number, j.kind, j.priority, j.max_attempts, j.timeout_ms,
          j.backoff, j.run_at, j.created_at, j.created_by, j.key, j."group", j.tags, l.requires, l.fair_key, j.retry_of,
          x.sealed, x.trace, j.payload, ${TICKET_COLUMNS}
        FROM millrace_job j
        CROSS JOIN millrace_lane l ON l.id = j.lane
        CROSS JOIN millrace_queue q ON q.id = l.queue
        CROSS JOIN millrace_counter c ON c.id = j.scope
        LEFT JOIN millrace_done d ON d.job = j.seq
        LEFT JOIN millrace_running r ON r.job = j.seq
        LEFT JOIN millrace_ready y ON y.job = j.seq
        LEFT JOIN millrace_scheduled s ON s.job = j.seq
        LEFT JOIN millrace_blocked b ON b.job = j.seq
        LEFT JOIN millrace_companion x ON x.job = j.seq
        ORDER BY j.seq`,
};
const ATTEMPTS: NamedSql = {
  name: "EXPORT_ATTEMPTS",
  sql: `SELECT a.job AS position, j.id, a.token, a.attempt, a.ending, a.worker, a.started_at, a.ended_at, a.error
        FROM millrace_attempt a CROSS JOIN millrace_job j ON j.seq = a.job ORDER BY a.job, a.token`,
};
const LOGS: NamedSql = {
  name: "EXPORT_LOGS",
  sql: `SELECT j.id AS job, g.sequence, g.at, g.stream, g.attempt, g.text
        FROM millrace_log g CROSS JOIN millrace_job j ON j.seq = g.job ORDER BY g.job, g.sequence`,
};
const ARTIFACTS: NamedSql = {
  name: "EXPORT_ARTIFACTS",
  sql: `SELECT j.id, a.name, a.size, a.sha256, a.content_type, a.created_by, a.created_at, a.place
        FROM millrace_artifact a CROSS JOIN millrace_job j ON j.seq = a.job ORDER BY a.job, a.name`,
};

const LATE_REPORTS: NamedSql = {
  name: "EXPORT_LATE_REPORTS",
  sql: `SELECT j.id, r.token, r.at, r.sent_by, r.report
        FROM millrace_late_report r CROSS JOIN millrace_job j ON j.seq = r.job ORDER BY r.job, r.token`,
};

/** How many rows there are; the attempts without those that the export itself ends. */
export function countRecords(session: Session): RecordCounts {
  const counts = session.get<RecordCounts>(COUNTS);
  if (counts === undefined) throw new Error("a row of counts is always there");
  return counts;
}

/** As many as all workers carry at once. */
export function readRunning(session: Session): readonly RunningTransferRow[] {
  return session.all<RunningTransferRow>(RUNNING);
}

export function readLiveWork(session: Session, running: readonly RunningTransferRow[]): LiveWork {
  const now = session.now();
  return liveWorkFrom(running, session.all<LiveWork["workers"][number]>(WORKERS, now), now);
}

/** Everything in its order, one by one; the connection's snapshot holds it together. */
export function* readRecords(session: Session, lost: LostTickets): Generator<TransferRecord> {
  for (const row of session.each<QueueRow>(QUEUES)) {
    const { org, name, paused_at: pausedAt, settings } = row;
    yield { type: "queue", org, name, pausedAt, settings: JSON.parse(settings) as QueueOverrides };
  }
  for (const { org, scope, last, has_holes: hasHoles } of session.each<CounterRow>(COUNTERS)) {
    yield { type: "counter", org, scope, last, hasHoles: hasHoles === 1 };
  }
  for (const row of session.each<ScheduleRow>(SCHEDULES)) {
    const { org, name, cron, time_zone: timeZone, next_at: nextAt, last_at: lastAt } = row;
    const request = JSON.parse(row.request) as Record<string, unknown>;
    yield { type: "schedule", org, name, cron, timeZone, nextAt, lastAt, request };
  }
  for (const row of session.each<ApiKeyTransferRow>(API_KEYS)) yield apiKeyRecordFrom(row);
  for (const row of session.each<WebhookTransferRow>(WEBHOOKS)) yield webhookRecordFrom(row);
  for (const row of session.each<JobTransferRow>(JOBS)) yield jobRecordFrom(row, lost.get(row.seq));
  const lostBefore = lost.walk();
  for (const row of session.each<AttemptTransferRow>(ATTEMPTS)) {
    yield* lostBefore(row.position);
    yield earlierAttemptFrom(row);
  }
  yield* lostBefore(Number.POSITIVE_INFINITY);
  for (const row of session.each<Omit<LogLineRecord, "type">>(LOGS)) yield { type: "log", ...row };
  for (const row of session.each<ArtifactTransferRow>(ARTIFACTS)) yield artifactRecordFrom(row);
  for (const row of session.each<LateReportRow>(LATE_REPORTS)) yield lateReportRecordFrom(row);
}

interface QueueRow {
  readonly org: string;
  readonly name: string;
  readonly paused_at: number | null;
  readonly settings: string;
}

interface CounterRow {
  readonly org: string;
  readonly scope: string;
  readonly last: number;
  readonly has_holes: 0 | 1;
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
