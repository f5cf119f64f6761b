import type { Job, JobId } from "../../core/job.ts";
import { refuseForgotten } from "../../core/forgotten.ts";
import { DEFAULT_QUEUE_SETTINGS, resolveQueueSettings, type QueueOverrides } from "../../core/queue.ts";
import type { EnqueueRequest, EnqueueResult, EnqueueTerms } from "../../core/store.ts";
import { booleanArray, numberArray, textArray } from "./arrays.ts";
import { LaneGoneError, type Place } from "./catalog.ts";
import { keepKeys, standInsFor, type StandIn } from "./keys.ts";
import { holdsLease } from "./lease.ts";
import { readJobs } from "./read.ts";
import { presentAt, type Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

const { numbered, maxAttempts } = DEFAULT_QUEUE_SETTINGS;

/** Rows are made in the order of their places, so the n-th of them has the n-th companion. */
const accompanying = (companions: string): string => `
    accompanied AS (
      INSERT INTO millrace.companion (job, sealed, trace)
      SELECT v.job, v.sealed, v.trace
      FROM (SELECT array_agg(seq ORDER BY seq) AS jobs FROM written) w
      CROSS JOIN LATERAL unnest(w.jobs, ${companions}) AS v (job, sealed, trace)
      WHERE w.jobs IS NOT NULL AND coalesce(v.sealed, v.trace) IS NOT NULL
    ),`;

/** In a transaction of ours: the number of each row. */
const NUMBERING = `
    wanted AS (SELECT scope, count(*) AS n FROM asked WHERE is_numbered GROUP BY scope),
    raised AS (
      UPDATE millrace.counter c SET last = c.last + w.n
      FROM (SELECT id FROM millrace.counter WHERE id = ANY (ARRAY (SELECT scope FROM wanted)) ORDER BY id FOR NO KEY UPDATE) held
      JOIN wanted w ON w.scope = held.id
      WHERE ${lookUp("c.id", "held.id")} RETURNING c.id, c.last - w.n AS base
    ),`;
const NUMBERS = `CASE WHEN a.is_numbered THEN r.base + row_number() OVER (PARTITION BY a.scope, a.is_numbered ORDER BY a.place) END,
        a.is_numbered AND r.id IS NULL`;

/**
 * Write jobs with their tickets, numbers, tags and events; what a request leaves open falls to its queue.
 * Numbers: the counters of all scopes are raised here, in the order of their ids so that two calls cannot wait for each
 * other, and stay locked until the commit, which therefore must be ours. In a transaction of the caller ("late") nothing is
 * raised, the rows wait for the trigger that numbers them when it commits, and who listens to $21 is told $22 then.
 * Lanes that prune may delete ($2) are held; when one is gone already, nothing is written and nothing answered.
 * Why arrays: a thousand jobs are one round trip, one plan, one commit.
 * @param companions the last two parameters, where something travels beside some of the jobs
 */
const writing = (
  isLate: boolean,
  companions?: string,
): string => `WITH t AS MATERIALIZED (SELECT ${presentAt(1)} AS now),
    kept AS MATERIALIZED (SELECT id FROM millrace.lane WHERE id = ANY ($2::text::bigint[]) FOR KEY SHARE),
    asked AS MATERIALIZED (
      SELECT i.*, greatest(t.now, coalesce(i.due_at, t.now + i.delay_ms, t.now)) AS run_at, t.now,
        coalesce(i.own_attempts, (q.settings::json ->> 'maxAttempts')::bigint, ${maxAttempts}) AS max_attempts,
        coalesce(i.own_numbered, (q.settings::json ->> 'numbered')::boolean, ${String(numbered)}) AS is_numbered
      FROM unnest($3::text::text[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::text[],
        $8::text::text[], $9::text::boolean[], $10::text::bigint[], $11::text::bigint[], $12::text::bigint[],
        $13::text::text[], $14::text::bigint[], $15::text::bigint[], $16::text::text[], $17::text::text[],
        $18::text::text[], $19::text::text[], $20::text::text[]${companions === undefined ? "" : `, ${companions}`})
        WITH ORDINALITY AS i (id, lane, scope, queue, kind, payload, own_numbered, priority, own_attempts, timeout_ms,
          backoff, due_at, delay_ms, key, "group", tags, created_by, retry_of${companions === undefined ? "" : ", sealed, trace"}, place)
      CROSS JOIN t LEFT JOIN millrace.queue q ON ${lookUp("q.id", "i.queue")}
      WHERE (SELECT count(*) FROM kept) = cardinality($2::text::bigint[])
    ),${isLate ? "\n    told AS MATERIALIZED (SELECT pg_notify($21::text, $22::text))," : NUMBERING}
    written AS (
      INSERT INTO millrace.job (id, lane, kind, payload, scope, number, awaits_number, priority, max_attempts, timeout_ms,
        backoff, run_at, key, "group", tags, created_by, retry_of, created_at${companions === undefined ? "" : ", has_companion"})
      SELECT a.id, a.lane, a.kind, a.payload, a.scope, ${isLate ? "NULL, a.is_numbered" : NUMBERS},
        a.priority, a.max_attempts, a.timeout_ms,
        a.backoff, a.run_at, a.key, a."group", a.tags, a.created_by, a.retry_of,
        a.now${companions === undefined ? "" : ", coalesce(a.sealed, a.trace) IS NOT NULL"}
      FROM asked a${isLate ? "" : " LEFT JOIN raised r ON r.id = a.scope"} ORDER BY a.place
      RETURNING seq, lane, number, priority, max_attempts, run_at, created_at, tags
    ),
    queued AS (
      INSERT INTO millrace.ready (job, lane, priority, run_at, attempt, token)
      SELECT seq, lane, priority, run_at, 0, 0 FROM written WHERE run_at <= created_at
    ),
    later AS (
      INSERT INTO millrace.scheduled (job, lane, priority, run_at, attempt, token)
      SELECT seq, lane, priority, run_at, 0, 0 FROM written WHERE run_at > created_at
    ),
    tagged AS (
      INSERT INTO millrace.tag (name, value, job)
      SELECT e.key, e.value, w.seq FROM written w CROSS JOIN LATERAL json_each_text(w.tags::json) e WHERE w.tags IS NOT NULL
    ),${companions === undefined ? "" : accompanying(companions)}
    noted AS (
      INSERT INTO millrace.event (at, type, jobs)
      SELECT t.now, 'enqueued', w.jobs
      FROM t, (SELECT array_agg(seq ORDER BY seq) AS jobs FROM written) w WHERE w.jobs IS NOT NULL
    )
    SELECT seq, number, max_attempts, run_at, created_at FROM written${isLate ? " CROSS JOIN told" : ""} ORDER BY seq`;
const WRITE: NamedSql = { name: "ENQUEUE_WRITE", sql: writing(false) };
const WRITE_ACCOMPANIED: NamedSql = {
  name: "ENQUEUE_WRITE_ACCOMPANIED",
  sql: writing(false, "$21::text::text[], $22::text::text[]"),
};
const WRITE_LATE: NamedSql = { name: "ENQUEUE_WRITE_LATE", sql: writing(true) };
const WRITE_LATE_ACCOMPANIED: NamedSql = {
  name: "ENQUEUE_WRITE_LATE_ACCOMPANIED",
  sql: writing(true, "$23::text::text[], $24::text::text[]"),
};

/** Requests that were sent before; asked for the whole call at once, since it is almost never so. */
const SENT_BEFORE: NamedSql = {
  name: "ENQUEUE_SENT_BEFORE",
  sql: `SELECT id FROM millrace.job WHERE id = ANY ($1::text::text[])`,
};

const QUEUES: NamedSql = {
  name: "ENQUEUE_QUEUES",
  sql: `SELECT id, settings FROM millrace.queue WHERE id = ANY ($1::text::bigint[])`,
};

interface WrittenRow {
  readonly seq: number;
  readonly number: number | null;
  readonly max_attempts: number;
  readonly run_at: number;
  readonly created_at: number;
}

/** A request with its place in the catalog. */
export interface PlacedRequest {
  readonly request: EnqueueRequest;
  readonly place: Place;
}

/** Who is told of jobs when the transaction of the caller's commits. */
export interface Notice {
  readonly channel: string;
  readonly payload: string;
}

/** Whether nobody has to be looked up: the requests have no key, are sent for the first time, and under no lease. */
export function areNew(requests: readonly EnqueueRequest[], terms: EnqueueTerms | undefined): boolean {
  return terms?.under === undefined && requests.every(({ key, sentMsAgo }) => key === null && sentMsAgo === undefined);
}

/**
 * Write requests that are new: one statement, a transaction by itself.
 * @param notice in a transaction of the caller's, whose numbers are given when it commits
 * @throws LaneGoneError; what the driver throws when an id was sent before; StoreError as `refuseForgotten`
 */
export async function writeJobs(session: Session, placed: readonly PlacedRequest[], notice?: Notice): Promise<Job[]> {
  if (placed.length === 0) return [];
  const resent = session.sentMsAgo > 0 ? placed : placed.filter(({ request }) => request.sentMsAgo !== undefined);
  if (resent.length > 0) await refuseUnclear(session, resent);
  const column = <T>(pick: (request: EnqueueRequest) => T): T[] => placed.map(({ request }) => pick(request));
  const prunable = new Set(placed.filter(({ request }) => request.fairKey !== null).map(({ place }) => place.lane));
  const companions = column(({ companion }) => companion);
  const isAccompanied = companions.some((each) => each !== undefined);
  const beside = isAccompanied
    ? [
        textArray(companions.map((each) => each?.sealed ?? null)),
        textArray(companions.map((each) => each?.trace ?? null)),
      ]
    : [];
  const rows = await session.all<WrittenRow>(
    statementFor(isAccompanied, notice !== undefined),
    session.now(),
    numberArray([...prunable]),
    textArray(column(({ id }) => id)),
    numberArray(placed.map(({ place }) => place.lane)),
    numberArray(placed.map(({ place }) => place.scope)),
    numberArray(placed.map(({ place }) => place.queue)),
    textArray(column(({ kind }) => kind)),
    textArray(column(({ payload }) => payload)),
    booleanArray(column((request) => request.numbered)),
    numberArray(column(({ priority }) => priority)),
    numberArray(column((request) => request.maxAttempts)),
    numberArray(column(({ timeoutMs }) => timeoutMs)),
    textArray(column(({ backoff }) => (backoff === null ? null : JSON.stringify(backoff)))),
    numberArray(column(({ runAt }) => (runAt === null ? null : Math.round(runAt.getTime())))),
    numberArray(column(({ delayMs }) => (delayMs === null ? null : Math.round(delayMs)))),
    textArray(column(({ key }) => key)),
    textArray(column(({ group }) => group)),
    textArray(column(({ tags }) => (Object.keys(tags).length === 0 ? null : JSON.stringify(tags)))),
    textArray(column(({ createdBy }) => createdBy)),
    textArray(column(({ retryOf }) => retryOf)),
    ...(notice === undefined ? [] : [notice.channel, notice.payload]),
    ...beside,
  );
  if (rows.length < placed.length) throw new LaneGoneError("a lane was pruned");
  if (notice === undefined) {
    session.wake("events");
    for (const row of rows) session.wake(row.run_at <= row.created_at ? "ready" : "scheduled");
  }
  return rows.map((row, i) => jobOf((placed[i] as PlacedRequest).request, row));
}

function statementFor(isAccompanied: boolean, isLate: boolean): NamedSql {
  if (isLate) return isAccompanied ? WRITE_LATE_ACCOMPANIED : WRITE_LATE;
  return isAccompanied ? WRITE_ACCOMPANIED : WRITE;
}

/** Of what was sent before, nothing is written again that may have run and been deleted since. */
async function refuseUnclear(session: Session, resent: readonly PlacedRequest[]): Promise<void> {
  const ids = resent.map(({ request }) => request.id);
  const queues = resent.map(({ place }) => place.queue);
  const there = new Set((await session.all<{ id: JobId }>(SENT_BEFORE, textArray(ids))).map(({ id }) => id));
  const rows = await session.all<{ id: number; settings: string }>(QUEUES, numberArray([...new Set(queues)]));
  const settings = new Map(rows.map(({ id, settings: text }) => [id, JSON.parse(text) as QueueOverrides]));
  for (const { request, place } of resent) {
    if (there.has(request.id)) continue;
    const sentMsAgo = Math.max(session.sentMsAgo, request.sentMsAgo ?? 0);
    refuseForgotten(request.queue, resolveQueueSettings(settings.get(place.queue) ?? {}), sentMsAgo);
  }
}

/** While the server writes so many, those after them are made ready to be sent. */
const CHUNK = 250;

/**
 * What the server can write while this process still works on the rest, as `writeJobs` takes it. One chunk is all,
 * unless all are of one scope: a second statement might wait for a counter that somebody holds who waits for the first's.
 */
export function chunksOf(placed: readonly PlacedRequest[]): readonly (readonly PlacedRequest[])[] {
  const [first] = placed;
  if (placed.length < 2 * CHUNK || placed.some(({ place }) => place.scope !== first?.place.scope)) return [placed];
  return Array.from({ length: Math.ceil(placed.length / CHUNK) }, (_, i) => placed.slice(i * CHUNK, (i + 1) * CHUNK));
}

/**
 * As `Store.enqueue`, inside a transaction: whoever may have been sent before, or has a key, is looked up first.
 * @param notice as for `writeJobs`
 */
export async function enqueueJobs(
  session: Session,
  placed: readonly PlacedRequest[],
  { under, isAllOrNone = false }: EnqueueTerms = {},
  notice?: Notice,
): Promise<readonly EnqueueResult[]> {
  const requests = placed.map(({ request }) => request);
  if (under !== undefined && !(await holdsLease(session, under))) return writtenBefore(session, requests);
  const sent = await session.all<{ id: JobId }>(SENT_BEFORE, textArray(requests.map(({ id }) => id)));
  const standIns = await standInsFor(session, requests, new Set(sent.map(({ id }) => id)));
  if (isAllOrNone && standIns.some((standIn) => standIn?.status === "duplicate")) return refuseAll(session, standIns);
  const fresh = placed.filter((_, i) => standIns[i] === undefined);
  const written = await writeJobs(session, fresh, notice);
  await keepKeys(
    session,
    fresh.map(({ request }) => request),
  );
  const byId = new Map(written.map((job) => [job.id, job]));
  const others = [...new Set(standIns.flatMap((standIn) => standIn?.id ?? []))].filter((id) => !byId.has(id));
  for (const job of others.length === 0 ? [] : await readJobs(session, others)) if (job !== null) byId.set(job.id, job);
  return requests.map(({ id }, i): EnqueueResult => {
    const standIn = standIns[i];
    const job = byId.get(standIn?.id ?? id);
    if (job === undefined) throw new Error(`the job ${standIn?.id ?? id} is gone`);
    return standIn === undefined ? { status: "created", job } : { status: standIn.status, job };
  });
}

/** Under a lease that is gone nothing is written; what was, before its answer got lost, is answered as such. */
async function writtenBefore(session: Session, requests: readonly EnqueueRequest[]): Promise<readonly EnqueueResult[]> {
  const jobs = await readJobs(
    session,
    requests.map(({ id }) => id),
  );
  return jobs.map((job) => (job === null ? { status: "lost" } : { status: "existing", job }));
}

async function refuseAll(
  session: Session,
  standIns: readonly (StandIn | undefined)[],
): Promise<readonly EnqueueResult[]> {
  const jobs = await readJobs(
    session,
    standIns.flatMap((standIn) => (standIn?.status === "duplicate" ? [standIn.id] : [])),
  );
  return standIns.map((standIn) =>
    standIn?.status === "duplicate"
      ? { status: "duplicate", job: jobs.find((job) => job?.id === standIn.id) ?? null }
      : { status: "withheld" },
  );
}

function jobOf(request: EnqueueRequest, row: WrittenRow): Job {
  return {
    id: request.id,
    number: row.number,
    scope: request.scope ?? request.queue,
    queue: request.queue,
    kind: request.kind,
    payload: JSON.parse(request.payload),
    state: row.run_at <= row.created_at ? "queued" : "scheduled",
    priority: request.priority,
    attempt: 0,
    maxAttempts: row.max_attempts,
    timeoutMs: request.timeoutMs,
    backoff: request.backoff,
    runAt: new Date(row.run_at),
    createdAt: new Date(row.created_at),
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
