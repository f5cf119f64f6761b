import { StoreError } from "../../core/errors.ts";
import type { AttemptEnding, JobId } from "../../core/job.ts";
import { loseTicket, type LostTicket, type RunningTicket } from "../../core/lost-ticket.ts";
import type { FinalState } from "../../core/states.ts";
import type { LateReportRow } from "./late-report-row.ts";
import type { ApiKeyRow, ArtifactRow, WebhookRow } from "./server-rows.ts";
import type {
  ApiKeyRecord,
  ArtifactRecord,
  EarlierAttemptRecord,
  EndedBy,
  JobRecord,
  LateReportRecord,
  LiveWork,
  Ticket,
  WebhookRecord,
} from "../../core/transfer.ts";

/** A job with its ticket, wherever that lies. Instants are milliseconds since the epoch, lists and objects JSON text. */
export interface JobTransferRow {
  readonly seq: number;
  readonly id: JobId;
  readonly org: string;
  readonly queue: string;
  readonly scope: string;
  readonly number: number | null;
  readonly kind: string;
  readonly priority: number;
  readonly max_attempts: number;
  readonly timeout_ms: number | null;
  readonly backoff: string | null;
  readonly run_at: number;
  readonly created_at: number;
  readonly created_by: string | null;
  readonly key: string | null;
  readonly group: string | null;
  readonly tags: string | null;
  readonly requires: string;
  readonly fair_key: string;
  readonly retry_of: string | null;
  readonly sealed: string | null;
  readonly trace: string | null;
  readonly payload: string;
  /** The name of each table that has a ticket of the job, joined by spaces; there must be one. */
  readonly place: string;
  /** The due time of the ticket. */
  readonly due_at: number | null;
  readonly attempt: number;
  readonly token: number;
  readonly started_at: number | null;
  readonly state: FinalState;
  readonly ended_by: EndedBy;
  readonly worker: string | null;
  readonly attempt_started_at: number | null;
  readonly finished_at: number;
  readonly result: string | null;
  readonly error: string | null;
  readonly cancel_requested_at: number | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason: string | null;
  readonly percent: number | null;
  readonly message: string | null;
}

/**
 * Where the tickets of a job lie and what they say, for a statement that has joined the tables as `d`, `r`, `y`, `s`
 * and `b`; the columns from `place` on.
 */
export const TICKET_COLUMNS = `
  concat_ws(' ', CASE WHEN d.job IS NOT NULL THEN 'done' END, CASE WHEN r.job IS NOT NULL THEN 'running' END,
    CASE WHEN y.job IS NOT NULL THEN 'ready' END, CASE WHEN s.job IS NOT NULL THEN 'scheduled' END,
    CASE WHEN b.job IS NOT NULL THEN 'blocked' END) AS place,
  coalesce(y.run_at, s.run_at, b.run_at) AS due_at,
  coalesce(d.attempt, y.attempt, s.attempt, b.attempt) AS attempt,
  coalesce(d.token, y.token, s.token, b.token) AS token,
  coalesce(d.started_at, y.started_at, s.started_at, b.started_at) AS started_at,
  d.state, d.ended_by, d.worker, d.attempt_started_at, d.finished_at, d.result, d.error,
  d.cancel_requested_at, d.cancelled_by, d.cancel_reason, d.percent, d.message`;

/** @throws StoreError when the job has no ticket, or several */
export function jobRecordFrom(row: JobTransferRow, lost: LostTicket | undefined): JobRecord {
  const ticket = ticketFrom(row, lost);
  const { sealed, trace } = row;
  // A running job that is carried as one that has ended takes none along.
  const hasCompanion = (sealed !== null || trace !== null) && ticket.place !== "done";
  return {
    type: "job",
    id: row.id,
    org: row.org,
    queue: row.queue,
    scope: row.scope,
    number: row.number,
    kind: row.kind,
    priority: row.priority,
    maxAttempts: row.max_attempts,
    timeoutMs: row.timeout_ms,
    backoff: fromJson(row.backoff),
    runAt: row.run_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    key: row.key,
    group: row.group,
    tags: fromJson<Record<string, string>>(row.tags) ?? {},
    requires: JSON.parse(row.requires) as string[],
    fairKey: row.fair_key === "" ? null : row.fair_key,
    retryOf: row.retry_of,
    companion: hasCompanion ? { sealed, trace } : null,
    payload: row.payload,
    ticket,
  };
}

function ticketFrom(row: JobTransferRow, lost: LostTicket | undefined): Ticket {
  switch (row.place) {
    case "running":
      if (lost !== undefined) return lost.ticket;
      break;
    case "ready":
    case "scheduled":
    case "blocked":
      return {
        place: row.place,
        runAt: row.due_at ?? row.run_at,
        attempt: row.attempt,
        token: row.token,
        startedAt: row.started_at,
      };
    case "done":
      return {
        place: "done",
        state: row.state,
        attempt: row.attempt,
        token: row.token,
        endedBy: row.ended_by,
        worker: row.worker,
        startedAt: row.started_at,
        attemptStartedAt: row.attempt_started_at,
        finishedAt: row.finished_at,
        result: row.result,
        error: fromJson(row.error),
        cancelRequestedAt: row.cancel_requested_at,
        cancelledBy: row.cancelled_by,
        cancelReason: row.cancel_reason,
        percent: row.percent,
        message: row.message,
      };
  }
  const found = row.place === "" ? "no ticket" : `tickets in ${row.place.replaceAll(" ", " and ")}`;
  throw new StoreError("store_corrupt", `the job ${row.id} has ${found}; \`millrace verify --data\` tells more`);
}

/** A row of the table `running`, with what its job says. */
export interface RunningTransferRow {
  readonly seq: number;
  /** Where the job comes among all jobs. */
  readonly position: number;
  readonly id: JobId;
  readonly scope: string;
  readonly number: number | null;
  readonly max_attempts: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly token: number;
  readonly started_at: number;
  readonly worker: string;
  readonly attempt_started_at: number;
  readonly lease_until: number;
  readonly cancel_requested_at: number | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason: string | null;
  readonly percent: number | null;
  readonly message: string | null;
}

function runningTicketFrom(row: RunningTransferRow): RunningTicket {
  return {
    runAt: row.run_at,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    token: row.token,
    worker: row.worker,
    startedAt: row.started_at,
    attemptStartedAt: row.attempt_started_at,
    cancelRequestedAt: row.cancel_requested_at,
    cancelledBy: row.cancelled_by,
    cancelReason: row.cancel_reason,
    percent: row.percent,
    message: row.message,
  };
}

export type ApiKeyTransferRow = ApiKeyRow & { readonly digest: string };

export function apiKeyRecordFrom(row: ApiKeyTransferRow): ApiKeyRecord {
  const { created_by: createdBy, created_at: createdAt, revoked_at: revokedAt } = row;
  const { id, org, name, role, digest } = row;
  return { type: "apiKey", id, org, name, role, digest, createdBy, createdAt, revokedAt };
}

export type WebhookTransferRow = Omit<WebhookRow, "cursor">;

export function webhookRecordFrom(row: WebhookTransferRow): WebhookRecord {
  const { id, org, url, sealed, created_by: createdBy, created_at: createdAt } = row;
  return { type: "webhook", id, org, url, events: fromJson(row.events), sealed, createdBy, createdAt };
}

export type ArtifactTransferRow = ArtifactRow;

export function artifactRecordFrom(row: ArtifactTransferRow): ArtifactRecord {
  const { name, size, sha256, content_type: contentType, created_by: createdBy, created_at: createdAt, place } = row;
  return { type: "artifact", job: row.id, name, size, sha256, contentType, createdBy, createdAt, place };
}

export function lateReportRecordFrom({ id, token, at, sent_by: by, report }: LateReportRow): LateReportRecord {
  return { type: "lateReport", job: id, token, at, by, report };
}

export interface AttemptTransferRow {
  readonly position: number;
  readonly id: JobId;
  readonly token: number;
  readonly attempt: number;
  readonly ending: AttemptEnding;
  readonly worker: string;
  readonly started_at: number;
  readonly ended_at: number;
  readonly error: string | null;
}

export function earlierAttemptFrom(row: AttemptTransferRow): EarlierAttemptRecord {
  return {
    type: "attempt",
    job: row.id,
    token: row.token,
    attempt: row.attempt,
    ending: row.ending,
    worker: row.worker,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    error: fromJson(row.error),
  };
}

function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

/** Running tickets as an export reads them, by the row of their job. */
export class LostTickets {
  readonly #bySeq: ReadonlyMap<number, LostTicket>;
  readonly #attempts: readonly { readonly position: number; readonly record: EarlierAttemptRecord }[];

  /** @param rows in the order of their jobs */
  constructor(rows: readonly RunningTransferRow[], at: number) {
    const lost = rows.map((row) => ({ row, ...loseTicket(runningTicketFrom(row), at) }));
    this.#bySeq = new Map(lost.map(({ row, ticket, attempt }) => [row.seq, { ticket, attempt }]));
    this.#attempts = lost.flatMap(({ row: { position, id }, attempt }) =>
      attempt === null ? [] : [{ position, record: { type: "attempt", job: id, ...attempt } as const }],
    );
  }

  get(seq: number): LostTicket | undefined {
    return this.#bySeq.get(seq);
  }

  get count(): number {
    return this.#bySeq.size;
  }

  get attemptCount(): number {
    return this.#attempts.length;
  }

  /**
   * A walk along the jobs, for whoever reads the kept attempts in their order: each step answers the lost attempts of
   * jobs before a position that no step before has answered. They belong behind the kept ones of their job.
   */
  walk(): (to: number) => readonly EarlierAttemptRecord[] {
    let next = 0;
    return (to) => {
      const from = next;
      while (next < this.#attempts.length && (this.#attempts[next]?.position ?? to) < to) next += 1;
      return this.#attempts.slice(from, next).map(({ record }) => record);
    };
  }
}

/** What an export tells of those who still work. */
export function liveWorkFrom(
  running: readonly RunningTransferRow[],
  workers: LiveWork["workers"],
  now: number,
): LiveWork {
  // A lease that has run out binds nobody: whoever looks first takes the job back, an export as well.
  const held = running.filter((row) => row.lease_until > now);
  return {
    runningCount: held.length,
    running: held.slice(0, SHOWN_COUNT).map(({ id, scope, number }) => ({ id, scope, number })),
    workerCount: workers.length,
    workers: workers.slice(0, SHOWN_COUNT),
  };
}

const SHOWN_COUNT = 10;
