import type {
  ApiKeyRecord,
  ArtifactRecord,
  DoneTicket,
  JobRecord,
  TransferRecord,
  WebhookRecord,
} from "../../core/transfer.ts";
import { duplicateProblem, keyProblem, missingProblem, ruleProblem } from "../sql/transfer-problem.ts";
import { addCompanion } from "./companions.ts";
import { readEvents } from "./events.ts";
import { internLane } from "./lane-row.ts";
import { placeOf } from "./numbers.ts";
import type { NamedSql, Session } from "./session.ts";

const ADD_QUEUE: NamedSql = {
  name: "IMPORT_QUEUE",
  sql: `INSERT INTO millrace_queue (org, name, paused_at, settings) VALUES (?, ?, ?, ?)`,
};
const ADD_COUNTER: NamedSql = {
  name: "IMPORT_COUNTER",
  sql: `INSERT INTO millrace_counter (org, scope, last, has_holes) VALUES (?, ?, ?, ?)`,
};
const ADD_SCHEDULE: NamedSql = {
  name: "IMPORT_SCHEDULE",
  sql: `INSERT INTO millrace_schedule (org, name, cron, time_zone, request, next_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
};
const QUEUE: NamedSql = {
  name: "IMPORT_QUEUE_OF",
  sql: `SELECT id FROM millrace_queue WHERE org = ? AND name = ?`,
};
const COUNTER: NamedSql = {
  name: "IMPORT_COUNTER_OF",
  sql: `SELECT id FROM millrace_counter WHERE org = ? AND scope = ?`,
};
const JOB: NamedSql = { name: "IMPORT_JOB_OF", sql: `SELECT seq AS id FROM millrace_job WHERE id = ?` };
const ADD_JOB: NamedSql = {
  name: "IMPORT_JOB",
  sql: `INSERT INTO millrace_job (id, lane, kind, payload, scope, number, priority, max_attempts, timeout_ms, backoff,
          run_at, key, "group", tags, created_by, retry_of, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_TAG: NamedSql = {
  name: "IMPORT_TAG",
  sql: `INSERT INTO millrace_tag (name, value, job) VALUES (?, ?, ?)`,
};
/** A job that has not ended is the one its key means; of those that have ended, it does not matter which. */
const SET_KEY: NamedSql = {
  name: "IMPORT_KEY",
  sql: `INSERT INTO millrace_key (org, kind, key, job) VALUES (?, ?, ?, ?)
        ON CONFLICT (org, kind, key) DO UPDATE SET job = excluded.job
        WHERE EXISTS (SELECT 1 FROM millrace_done d WHERE d.job = millrace_key.job)`,
};
const ADD_KEY: NamedSql = {
  name: "IMPORT_ENDED_KEY",
  sql: `INSERT INTO millrace_key (org, kind, key, job) VALUES (?, ?, ?, ?) ON CONFLICT (org, kind, key) DO NOTHING`,
};
const ADD_WAITING = Object.fromEntries(
  (["ready", "scheduled", "blocked"] as const).map((place) => [
    place,
    {
      name: `IMPORT_${place.toUpperCase()}`,
      sql: `INSERT INTO millrace_${place} (job, lane, priority, run_at, attempt, token, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    },
  ]),
) as Readonly<Record<"ready" | "scheduled" | "blocked", NamedSql>>;
const ADD_DONE: NamedSql = {
  name: "IMPORT_DONE",
  sql: `INSERT INTO millrace_done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at,
          result, error, cancel_requested_at, cancelled_by, cancel_reason, percent, message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_ATTEMPT: NamedSql = {
  name: "IMPORT_ATTEMPT",
  sql: `INSERT INTO millrace_attempt (job, token, attempt, ending, worker, started_at, ended_at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_LOG: NamedSql = {
  name: "IMPORT_LOG",
  sql: `INSERT INTO millrace_log (job, sequence, at, stream, attempt, text) VALUES (?, ?, ?, ?, ?, ?)`,
};
const ADD_API_KEY: NamedSql = {
  name: "IMPORT_API_KEY",
  sql: `INSERT INTO millrace_api_key (id, org, name, role, digest, created_by, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_WEBHOOK: NamedSql = {
  name: "IMPORT_WEBHOOK",
  sql: `INSERT INTO millrace_webhook (id, org, url, events, sealed, cursor, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_ARTIFACT: NamedSql = {
  name: "IMPORT_ARTIFACT",
  sql: `INSERT INTO millrace_artifact (job, name, size, sha256, content_type, created_by, created_at, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
};

const ADD_LATE_REPORT: NamedSql = {
  name: "IMPORT_LATE_REPORT",
  sql: `INSERT INTO millrace_late_report (job, token, at, sent_by, report) VALUES (?, ?, ?, ?, ?)`,
};

/** Names that were looked up are kept up to so many; a store may have a scope for each of a million customers. */
const KNOWN_LIMIT = 10_000;

/** A record that cannot be kept, and why. */
class UnfitRecord extends Error {}

/** Writes records one by one, inside a transaction. */
export class RecordWriter {
  readonly #session: Session;
  readonly #known = new Map<string, number>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Answers why the record cannot be kept, if it cannot. */
  write(record: TransferRecord): string | null {
    try {
      this.#write(record);
      return null;
    } catch (error) {
      if (error instanceof UnfitRecord) return error.message;
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (!code.startsWith("SQLITE_CONSTRAINT")) throw error;
      const said = (error as Error).message;
      if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
        // Of two that are broken, any may be told; that the job is there says more.
        const isNumber = record.type === "job" && this.#session.get(JOB, record.id) === undefined;
        return duplicateProblem(record, isNumber);
      }
      return ruleProblem(said);
    }
  }

  #write(record: TransferRecord): void {
    const session = this.#session;
    switch (record.type) {
      case "queue":
        session.run(ADD_QUEUE, record.org, record.name, record.pausedAt, JSON.stringify(record.settings));
        return;
      case "counter":
        session.run(ADD_COUNTER, record.org, record.scope, record.last, record.hasHoles ? 1 : 0);
        return;
      case "schedule": {
        const { org, name, cron, timeZone, request, nextAt, lastAt } = record;
        session.run(ADD_SCHEDULE, org, name, cron, timeZone, JSON.stringify(request), nextAt, lastAt);
        return;
      }
      case "apiKey":
        this.#writeApiKey(record);
        return;
      case "webhook":
        this.#writeWebhook(record);
        return;
      case "job":
        this.#writeJob(record);
        return;
      case "attempt": {
        const { token, attempt, ending, worker, startedAt, endedAt } = record;
        const job = this.#rowOf("job", JOB, record.job);
        session.run(ADD_ATTEMPT, job, token, attempt, ending, worker, startedAt, endedAt, toJson(record.error));
        return;
      }
      case "log": {
        const { sequence, at, stream, attempt, text } = record;
        session.run(ADD_LOG, this.#rowOf("job", JOB, record.job), sequence, at, stream, attempt, text);
        return;
      }
      case "artifact":
        this.#writeArtifact(record);
        return;
      case "lateReport": {
        const { token, at, by, report } = record;
        session.run(ADD_LATE_REPORT, this.#rowOf("job", JOB, record.job), token, at, by, report);
      }
    }
  }

  #writeApiKey({ id, org, name, role, digest, createdBy, createdAt, revokedAt }: ApiKeyRecord): void {
    this.#session.run(ADD_API_KEY, id, org, name, role, digest, createdBy, createdAt, revokedAt);
  }

  #writeWebhook({ id, org, url, events, sealed, createdBy, createdAt }: WebhookRecord): void {
    const { cursor } = readEvents(this.#session, org, null, 1);
    this.#session.run(ADD_WEBHOOK, id, org, url, toJson(events), sealed, cursor, createdBy, createdAt);
  }

  #writeArtifact({ name, size, sha256, contentType, createdBy, createdAt, place, ...record }: ArtifactRecord): void {
    const job = this.#rowOf("job", JOB, record.job);
    this.#session.run(ADD_ARTIFACT, job, name, size, sha256, contentType, createdBy, createdAt, place);
  }

  #writeJob(record: JobRecord): void {
    const session = this.#session;
    const { org, ticket, tags } = record;
    const queue = this.#rowOf("queue", QUEUE, org, record.queue);
    const scope = this.#rowOf("scope", COUNTER, org, record.scope);
    const lane = internLane(session, queue, JSON.stringify(record.requires), record.fairKey);
    const names = Object.keys(tags);
    const job = session.insert(
      ADD_JOB,
      record.id,
      lane,
      record.kind,
      record.payload,
      scope,
      record.number,
      record.priority,
      record.maxAttempts,
      record.timeoutMs,
      toJson(record.backoff),
      record.runAt,
      record.key,
      record.group,
      names.length === 0 ? null : JSON.stringify(tags),
      record.createdBy,
      record.retryOf,
      record.createdAt,
    );
    for (const name of names) session.run(ADD_TAG, name, tags[name] ?? "", job);
    if (record.key !== null) {
      const isLive = ticket.place !== "done";
      const isSet = session.run(isLive ? SET_KEY : ADD_KEY, org, record.kind, record.key, job) > 0;
      if (isLive && !isSet) throw new UnfitRecord(keyProblem(record.key));
    }
    if (record.companion !== null) addCompanion(session, job, record.companion);
    if (ticket.place === "done") this.#writeOutcome(job, ticket);
    else {
      const { runAt, attempt, token, startedAt } = ticket;
      session.run(ADD_WAITING[ticket.place], job, lane, record.priority, runAt, attempt, token, startedAt);
    }
  }

  #writeOutcome(job: number, done: DoneTicket): void {
    this.#session.run(
      ADD_DONE,
      job,
      done.state,
      done.attempt,
      done.token,
      done.endedBy,
      done.worker,
      done.startedAt,
      done.attemptStartedAt,
      done.finishedAt,
      done.result,
      toJson(done.error),
      done.cancelRequestedAt,
      done.cancelledBy,
      done.cancelReason,
      done.percent,
      done.message,
    );
  }

  /** The row that a record before this one has made. */
  #rowOf(what: "queue" | "scope" | "job", statement: NamedSql, ...names: readonly string[]): number {
    const place = `${what} ${placeOf(names[0] ?? "", names[1] ?? "")}`;
    let row = this.#known.get(place);
    if (row === undefined) {
      row = this.#session.get<{ id: number }>(statement, ...names)?.id;
      if (row === undefined) throw new UnfitRecord(missingProblem(what, names.at(-1) ?? ""));
      if (this.#known.size >= KNOWN_LIMIT) this.#known.clear();
      this.#known.set(place, row);
    }
    return row;
  }
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
