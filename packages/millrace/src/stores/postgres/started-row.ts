import type { JobId } from "../../core/job.ts";

/**
 * A started ticket `s` with the facts of its job `j`; the names of its lane and its scope are known here already. What a
 * column costs is paid on both sides: so all numbers are one, and so is what most jobs do not have.
 */
export const STARTED_COLUMNS = `j.id, j.kind, j.payload,
  concat_ws(',', s.job, s.lane, s.priority, s.run_at, s.attempt, s.token, s.started_at, s.lease_until,
    j.scope, coalesce(j.number, 0), j.max_attempts, j.created_at) AS numbers,
  CASE WHEN s.token > 1 OR j.has_companion
    OR NOT ((j.timeout_ms, j.backoff, j.created_by, j."group", j.tags, j.key, j.retry_of) IS NULL)
  THEN json_build_array(j.has_companion, j.timeout_ms, j.backoff, j.created_by, j."group", j.tags, j.key, j.retry_of, (
    SELECT a.error FROM millrace.attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1
  ))::text END AS rare`;

/** A row of `STARTED_COLUMNS`. */
export interface StartedColumns {
  readonly id: JobId;
  readonly kind: string;
  readonly payload: string;
  readonly numbers: string;
  readonly rare: string | null;
}

/** What a claim answers for a ticket. Instants are milliseconds since the epoch, `scope` and `lane` ids. */
export interface StartedRow {
  readonly id: JobId;
  readonly kind: string;
  readonly payload: string;
  readonly seq: number;
  readonly lane: number;
  readonly priority: number;
  readonly runAt: number;
  readonly attempt: number;
  readonly token: number;
  readonly startedAt: number;
  readonly leaseUntil: number;
  readonly scope: number;
  readonly number: number | null;
  readonly maxAttempts: number;
  readonly createdAt: number;
  readonly rare: RareFacts;
}

/** What most jobs do not have; as in `JobRow`. */
export interface RareFacts {
  readonly hasCompanion: boolean;
  readonly timeoutMs: number | null;
  readonly backoff: string | null;
  readonly createdBy: string | null;
  readonly group: string | null;
  readonly tags: string | null;
  readonly key: string | null;
  readonly retryOf: JobId | null;
  readonly error: string | null;
}

const NOTHING_RARE = rareFacts([false, null, null, null, null, null, null, null, null]);

type Numbers = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
type Rare = readonly [
  hasCompanion: boolean,
  timeoutMs: number | null,
  backoff: string | null,
  createdBy: string | null,
  group: string | null,
  tags: string | null,
  key: string | null,
  retryOf: JobId | null,
  error: string | null,
];

export function startedRow({ id, kind, payload, numbers, rare }: StartedColumns): StartedRow {
  const [seq, lane, priority, runAt, attempt, token, startedAt, leaseUntil, scope, number, maxAttempts, createdAt] =
    JSON.parse(`[${numbers}]`) as Numbers;
  return {
    id,
    kind,
    payload,
    seq,
    lane,
    priority,
    runAt,
    attempt,
    token,
    startedAt,
    leaseUntil,
    scope,
    number: number === 0 ? null : number,
    maxAttempts,
    createdAt,
    rare: rare === null ? NOTHING_RARE : rareFacts(JSON.parse(rare) as Rare),
  };
}

function rareFacts([hasCompanion, timeoutMs, backoff, createdBy, group, tags, key, retryOf, error]: Rare): RareFacts {
  return { hasCompanion, timeoutMs, backoff, createdBy, group, tags, key, retryOf, error };
}

/** The order in which the tickets of a lane come. */
export function byTurn(a: StartedRow, b: StartedRow): number {
  return b.priority - a.priority || a.runAt - b.runAt || a.seq - b.seq;
}
