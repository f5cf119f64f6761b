import type { AuditReport } from "./audit.ts";
import type { BackoffPolicy } from "./backoff.ts";
import type { Companion } from "./companion.ts";
import type { JobEventType } from "./event.ts";
import type { AttemptEnding, JobId } from "./job.ts";
import type { JobError } from "./job-error.ts";
import type { LogStream } from "./log-line.ts";
import type { QueueOverrides } from "./queue.ts";
import type { Role } from "./role.ts";
import type { FinalState } from "./states.ts";

/**
 * Carrying all data of a store into another one. What is carried is plain: no row numbers, no lanes, instants in
 * milliseconds since the epoch. The journal of events and the workers stay behind, and so do the bytes of artifacts.
 */
export interface TransferStore {
  /**
   * Begin to read everything, as of one moment: what is committed later is not in it, however long the reading takes.
   * Writes nothing, and nobody waits for it.
   * @param lostAt when attempts that are lost by the transfer count as ended; the present unless given
   * @throws ConflictError for a store that ends with its process
   */
  openExport(lostAt?: number): Promise<ExportReader>;
  /**
   * Begin to fill the store, which must have nothing in it but workers. All of it is one transaction, on a connection of
   * its own; until its end other writers wait, and are answered `store_busy` when that takes too long.
   * @throws ConflictError naming what is there
   */
  openImport(): Promise<ImportWriter>;
}

export interface ExportReader {
  /** By the store's clock. */
  readonly at: number;
  /** How many records will come. */
  readonly counts: RecordCounts;
  readonly liveWork: LiveWork;
  /** How many running jobs are read as what becomes of them when their lease is lost. */
  readonly lostCount: number;
  /**
   * All records: queues, counters, schedules, keys, webhooks, jobs in the order in which they were numbered, and after
   * them the attempts, the log lines, the artifacts and the late reports in the order of their jobs. Pages are bounded by count and size,
   * and never empty. May be called again, and answers the same.
   *
   * A running job is read as what becomes of it when its lease is lost: to be run again under a higher token, failed
   * where no attempt is left, cancelled where that had been accepted.
   */
  pages(): AsyncIterable<readonly TransferRecord[]>;
  close(): Promise<void>;
}

/** Attempts whose lease holds, and workers that were heard of: what goes on behind an export's back. */
export interface LiveWork {
  readonly runningCount: number;
  /** At most ten. */
  readonly running: readonly { readonly id: JobId; readonly scope: string; readonly number: number | null }[];
  readonly workerCount: number;
  /** At most ten. */
  readonly workers: readonly { readonly name: string; readonly host: string | null; readonly pid: number | null }[];
}

export interface ImportWriter {
  /**
   * Write records, each after those it refers to. Answers the first that the store refuses, and why; then nothing more
   * can be written, and nothing will be kept.
   */
  write(records: readonly TransferRecord[]): Promise<Refusal | null>;
  /** As of an export: what was written so far. */
  pages(): AsyncIterable<readonly TransferRecord[]>;
  /** As `Store.audit`, of what was written so far. */
  audit(): Promise<AuditReport>;
  commit(): Promise<void>;
  /** What was not committed is gone. Safe to call twice. */
  close(): Promise<void>;
}

export interface Refusal {
  /** Place in the array that was handed over. */
  readonly index: number;
  /** A sentence about the record. */
  readonly problem: string;
}

export const RECORD_TYPES = [
  "queue",
  "counter",
  "schedule",
  "apiKey",
  "webhook",
  "job",
  "attempt",
  "log",
  "artifact",
  "lateReport",
] as const;

export type RecordType = (typeof RECORD_TYPES)[number];

export type RecordCounts = Readonly<Record<RecordType, number>>;

export type TransferRecord =
  | QueueRecord
  | CounterRecord
  | ScheduleRecord
  | ApiKeyRecord
  | WebhookRecord
  | JobRecord
  | EarlierAttemptRecord
  | LogLineRecord
  | ArtifactRecord
  | LateReportRecord;

export interface QueueRecord {
  readonly type: "queue";
  readonly org: string;
  readonly name: string;
  readonly pausedAt: number | null;
  readonly settings: QueueOverrides;
}

export interface CounterRecord {
  readonly type: "counter";
  readonly org: string;
  readonly scope: string;
  /** The last number given out. */
  readonly last: number;
  /** Some numbers belong to no job: to one that was pruned, or to a row of the user's own. */
  readonly hasHoles: boolean;
}

export interface ScheduleRecord {
  readonly type: "schedule";
  readonly org: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly nextAt: number | null;
  readonly lastAt: number | null;
  /** What is enqueued at each due time, as it is stored. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** A key that goes on opening what it opened. */
export interface ApiKeyRecord {
  readonly type: "apiKey";
  readonly id: string;
  readonly org: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the key, in hexadecimal digits. */
  readonly digest: string;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** Without its cursor: in the store that it is carried into, it begins at the present. */
export interface WebhookRecord {
  readonly type: "webhook";
  readonly id: string;
  readonly org: string;
  readonly url: string;
  readonly events: readonly JobEventType[] | null;
  /** The secret that signs, encrypted. */
  readonly sealed: string;
  readonly createdBy: string | null;
  readonly createdAt: number;
}

export interface JobRecord {
  readonly type: "job";
  readonly id: JobId;
  readonly org: string;
  readonly queue: string;
  readonly scope: string;
  readonly number: number | null;
  readonly kind: string;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly timeoutMs: number | null;
  readonly backoff: BackoffPolicy | null;
  /** As it was asked for; the ticket has the present one. */
  readonly runAt: number;
  readonly createdAt: number;
  readonly createdBy: string | null;
  readonly key: string | null;
  readonly group: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly requires: readonly string[];
  readonly fairKey: string | null;
  readonly retryOf: string | null;
  /** Of a job that has not ended. */
  readonly companion: Companion | null;
  /** JSON text. */
  readonly payload: string;
  readonly ticket: Ticket;
}

/** Where a job stands. A ticket that runs is not carried as such. */
export type Ticket = WaitingTicket | DoneTicket;

export interface WaitingTicket {
  readonly place: "ready" | "scheduled" | "blocked";
  readonly runAt: number;
  readonly attempt: number;
  readonly token: number;
  readonly startedAt: number | null;
}

export interface DoneTicket {
  readonly place: "done";
  readonly state: FinalState;
  readonly attempt: number;
  readonly token: number;
  readonly endedBy: EndedBy;
  readonly worker: string | null;
  readonly startedAt: number | null;
  readonly attemptStartedAt: number | null;
  readonly finishedAt: number;
  /** JSON text. */
  readonly result: string | null;
  readonly error: JobError | null;
  readonly cancelRequestedAt: number | null;
  readonly cancelledBy: string | null;
  readonly cancelReason: string | null;
  readonly percent: number | null;
  readonly message: string | null;
}

/** Who ended a job: the worker that held it, a lease that ran out, or a cancel. */
export type EndedBy = "worker" | "lease" | "cancel";

/** An attempt that did not end its job. */
export interface EarlierAttemptRecord {
  readonly type: "attempt";
  readonly job: JobId;
  readonly token: number;
  readonly attempt: number;
  readonly ending: AttemptEnding;
  readonly worker: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: JobError | null;
}

export interface LogLineRecord {
  readonly type: "log";
  readonly job: JobId;
  readonly sequence: number;
  readonly at: number;
  readonly stream: LogStream;
  readonly attempt: number;
  readonly text: string;
}

/** What is known of a file; the file itself stays where it is. */
export interface ArtifactRecord {
  readonly type: "artifact";
  readonly job: JobId;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly contentType: string;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly place: string;
}

/** What came after its lease was over. */
export interface LateReportRecord {
  readonly type: "lateReport";
  readonly job: JobId;
  readonly token: number;
  readonly at: number;
  readonly by: string;
  /** JSON text. */
  readonly report: string;
}

/** So many records make a page, unless they are large. */
export const PAGE_COUNT = 500;
/** A page that has grown to this is full; one record more may be larger. */
export const PAGE_CHARACTERS = 4_000_000;

/** About how much of a page a record takes. */
export function sizeOf(record: TransferRecord): number {
  switch (record.type) {
    case "job": {
      const { payload, ticket, companion } = record;
      const result = ticket.place === "done" ? ticket.result : null;
      return 500 + payload.length + (result?.length ?? 0) + (companion?.sealed?.length ?? 0);
    }
    case "log":
      return 200 + record.text.length;
    case "lateReport":
      return 200 + record.report.length;
    case "queue":
    case "counter":
    case "schedule":
    case "apiKey":
    case "webhook":
    case "attempt":
    case "artifact":
      return 500;
  }
}

export function noRecords(): Record<RecordType, number> {
  return {
    queue: 0,
    counter: 0,
    schedule: 0,
    apiKey: 0,
    webhook: 0,
    job: 0,
    attempt: 0,
    log: 0,
    artifact: 0,
    lateReport: 0,
  };
}

export function totalOf(counts: RecordCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
