import { resolveQueueSettings, type QueueOverrides, type QueueSettings } from "../../core/queue.ts";
import type { Job } from "../../core/job.ts";
import { StoreError } from "../../core/errors.ts";
import { refuseForgotten } from "../../core/forgotten.ts";
import type { EnqueueRequest, EnqueueResult, EnqueueTerms } from "../../core/store.ts";
import { addCompanion } from "./companions.ts";
import { internLane } from "./lane-row.ts";
import { holdsLease } from "./lease.ts";
import { Numbers, placeOf } from "./numbers.ts";
import { readJob, readJobs } from "./read.ts";
import type { NamedSql, Session } from "./session.ts";

/** Bulk work is cut off after so long; smaller calls then get through. */
const BULK_LIMIT_MS = 10_000;

const QUEUE_OF: NamedSql = {
  name: "ENQUEUE_QUEUE",
  sql: `SELECT id, settings FROM millrace_queue WHERE org = ? AND name = ?`,
};
const ADD_QUEUE: NamedSql = {
  name: "ENQUEUE_ADD_QUEUE",
  sql: `INSERT INTO millrace_queue (org, name) VALUES (?, ?)`,
};
/** The newest job of a key, unless it has ended; `millrace_done` is asked by its primary key. */
const LIVE_JOB_OF_KEY: NamedSql = {
  name: "ENQUEUE_LIVE_KEY",
  sql: `SELECT j.id, j.payload FROM millrace_key k JOIN millrace_job j ON j.seq = k.job
        WHERE k.org = ? AND k.kind = ? AND k.key = ?
          AND NOT EXISTS (SELECT 1 FROM millrace_done d WHERE d.job = k.job)`,
};
const SET_KEY: NamedSql = {
  name: "ENQUEUE_SET_KEY",
  sql: `INSERT INTO millrace_key (org, kind, key, job) VALUES (?, ?, ?, ?)
        ON CONFLICT (org, kind, key) DO UPDATE SET job = excluded.job`,
};
/** Requests that were sent before; asked for the whole call at once, since it is almost never so. */
const SENT_BEFORE: NamedSql = {
  name: "ENQUEUE_SENT_BEFORE",
  sql: `SELECT j.id FROM json_each(?) e CROSS JOIN millrace_job j ON j.id = e.value`,
};
const ADD_TAG: NamedSql = {
  name: "ENQUEUE_ADD_TAG",
  sql: `INSERT INTO millrace_tag (name, value, job) VALUES (?, ?, ?)`,
};
const ADD_JOB: NamedSql = {
  name: "ENQUEUE_ADD_JOB",
  sql: `INSERT INTO millrace_job (id, lane, kind, payload, scope, number, priority, max_attempts, timeout_ms, backoff,
          run_at, key, "group", tags, created_by, retry_of, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
};
const ADD_READY: NamedSql = {
  name: "ENQUEUE_ADD_READY",
  sql: `INSERT INTO millrace_ready (job, lane, priority, run_at, attempt, token) VALUES (?, ?, ?, ?, 0, 0)`,
};
const ADD_SCHEDULED: NamedSql = {
  name: "ENQUEUE_ADD_SCHEDULED",
  sql: `INSERT INTO millrace_scheduled (job, lane, priority, run_at, attempt, token) VALUES (?, ?, ?, ?, 0, 0)`,
};

/** Where a queue, a lane and a scope lie; asked once for each call. */
class Places {
  readonly #session: Session;
  readonly #queues = new Map<string, { readonly id: number; readonly settings: QueueSettings }>();
  readonly #lanes = new Map<string, number>();

  constructor(session: Session) {
    this.#session = session;
  }

  queue(org: string, name: string): { readonly id: number; readonly settings: QueueSettings } {
    const place = placeOf(org, name);
    let queue = this.#queues.get(place);
    if (queue === undefined) {
      const row = this.#session.get<{ id: number; settings: string }>(QUEUE_OF, org, name);
      const id = row?.id ?? this.#session.insert(ADD_QUEUE, org, name);
      queue = { id, settings: resolveQueueSettings(JSON.parse(row?.settings ?? "{}") as QueueOverrides) };
      this.#queues.set(place, queue);
    }
    return queue;
  }

  lane(queue: number, requires: readonly string[], fairKey: string | null): number {
    const labels = requires.length === 0 ? "[]" : JSON.stringify(requires);
    const place = `${queue} ${labels} ${fairKey ?? ""}`;
    let lane = this.#lanes.get(place);
    if (lane === undefined) {
      lane = internLane(this.#session, queue, labels, fairKey);
      this.#lanes.set(place, lane);
    }
    return lane;
  }
}

/** As `Store.enqueue`, inside a transaction. */
export function enqueueJobs(
  session: Session,
  requests: readonly EnqueueRequest[],
  { under, isAllOrNone = false }: EnqueueTerms = {},
): readonly EnqueueResult[] {
  if (under !== undefined && !holdsLease(session, under)) return writtenBefore(session, requests);
  const places = new Places(session);
  const numbers = new Numbers(session);
  const standIns = standInsFor(session, requests);
  if (isAllOrNone && standIns.some((standIn) => standIn?.status === "duplicate")) {
    return standIns.map((standIn) =>
      standIn?.status === "duplicate"
        ? { status: "duplicate", job: readJobs(session, [standIn.id])[0] ?? null }
        : { status: "withheld" },
    );
  }
  const isNumbered = (request: EnqueueRequest): boolean =>
    request.numbered ?? places.queue(request.org, request.queue).settings.numbered;

  requests.forEach((request, i) => {
    if (standIns[i] !== undefined) return;
    const { org, queue, scope, sentMsAgo } = request;
    if (sentMsAgo !== undefined) refuseForgotten(queue, places.queue(org, queue).settings, sentMsAgo);
    numbers.want(org, scope ?? queue, isNumbered(request));
  });
  numbers.raise();

  const startedAt = performance.now();
  return requests.map((request, i): EnqueueResult => {
    const standIn = standIns[i];
    // The one it stands in for may have been written a moment ago, in this very call.
    if (standIn !== undefined) return { status: standIn.status, job: readJob(session, standIn.id) };
    const place = numbers.take(request.org, request.scope ?? request.queue, isNumbered(request));
    if (i % 1_000 === 999) refuseEndlessCall(startedAt, i + 1, requests.length);
    return { status: "created", job: writeJob(session, places, request, place) };
  });
}

interface StandIn {
  readonly id: EnqueueRequest["id"];
  readonly status: "existing" | "duplicate";
}

/** Under a lease that is gone nothing is written; what was, before its answer got lost, is answered as such. */
function writtenBefore(session: Session, requests: readonly EnqueueRequest[]): readonly EnqueueResult[] {
  const jobs = readJobs(
    session,
    requests.map(({ id }) => id),
  );
  return jobs.map((job) => (job === null ? { status: "lost" } : { status: "existing", job }));
}

/** For each request the job that stands for it already: its own, sent before, or the live one with its key. */
function standInsFor(session: Session, requests: readonly EnqueueRequest[]): readonly (StandIn | undefined)[] {
  const ids = JSON.stringify(requests.map((request) => request.id));
  const sentBefore = new Set(session.all<{ id: EnqueueRequest["id"] }>(SENT_BEFORE, ids).map((row) => row.id));
  const claimedKeys = new Map<string, { readonly id: EnqueueRequest["id"]; readonly payload: string }>();
  return requests.map((request): StandIn | undefined => {
    if (sentBefore.has(request.id)) return { id: request.id, status: "existing" };
    if (request.key === null) {
      sentBefore.add(request.id);
      return undefined;
    }
    const place = JSON.stringify([request.org, request.kind, request.key]);
    const live =
      claimedKeys.get(place) ??
      session.get<{ id: EnqueueRequest["id"]; payload: string }>(
        LIVE_JOB_OF_KEY,
        request.org,
        request.kind,
        request.key,
      );
    if (live !== undefined) return { id: live.id, status: live.payload === request.payload ? "existing" : "duplicate" };
    claimedKeys.set(place, request);
    sentBefore.add(request.id);
    return undefined;
  });
}

function writeJob(
  session: Session,
  places: Places,
  request: EnqueueRequest,
  place: { readonly scope: number; readonly number: number | null },
): Job {
  const now = session.now();
  const { id: queue, settings } = places.queue(request.org, request.queue);
  const lane = places.lane(queue, request.requires, request.fairKey);
  const dueAt = request.runAt?.getTime() ?? now + (request.delayMs ?? 0);
  // A due time in the past would put the job before those that have waited longer.
  const runAt = Math.max(now, Math.round(dueAt));
  const maxAttempts = request.maxAttempts ?? settings.maxAttempts;
  const tags = Object.entries(request.tags);
  const job = session.insert(
    ADD_JOB,
    request.id,
    lane,
    request.kind,
    request.payload,
    place.scope,
    place.number,
    request.priority,
    maxAttempts,
    request.timeoutMs,
    request.backoff === null ? null : JSON.stringify(request.backoff),
    runAt,
    request.key,
    request.group,
    tags.length === 0 ? null : JSON.stringify(request.tags),
    request.createdBy,
    request.retryOf,
    now,
  );
  for (const [name, value] of tags) session.run(ADD_TAG, name, value, job);
  if (request.key !== null) session.run(SET_KEY, request.org, request.kind, request.key, job);
  if (request.companion !== undefined) addCompanion(session, job, request.companion);
  const isDue = runAt <= now;
  session.run(isDue ? ADD_READY : ADD_SCHEDULED, job, lane, request.priority, runAt);
  session.note("enqueued", job);
  session.wake(isDue ? "ready" : "scheduled");
  return {
    id: request.id,
    number: place.number,
    scope: request.scope ?? request.queue,
    queue: request.queue,
    kind: request.kind,
    payload: JSON.parse(request.payload),
    state: isDue ? "queued" : "scheduled",
    priority: request.priority,
    attempt: 0,
    maxAttempts,
    timeoutMs: request.timeoutMs,
    backoff: request.backoff,
    runAt: new Date(runAt),
    createdAt: new Date(now),
    startedAt: null,
    finishedAt: null,
    result: null,
    error: null,
    progress: null,
    org: request.org,
    createdBy: request.createdBy,
    group: request.group,
    tags: request.tags,
    requires: request.requires,
    fairKey: request.fairKey,
    key: request.key,
    retryOf: request.retryOf,
    worker: null,
    cancelRequestedAt: null,
    cancelledBy: null,
    cancelledAt: null,
    cancelReason: null,
  };
}

function refuseEndlessCall(startedAt: number, written: number, asked: number): void {
  if (performance.now() - startedAt < BULK_LIMIT_MS) return;
  throw new StoreError(
    "store_busy",
    `after ${BULK_LIMIT_MS} ms only ${written} of ${asked} jobs were written, and all were taken back; enqueue fewer in one call`,
  );
}
