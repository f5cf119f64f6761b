import type { JobId } from "../../core/job.ts";
import { isChosen, QueueTurns, serves } from "../../core/lane.ts";
import { resolveQueueSettings, type QueueOverrides, type QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest, JobClaimRequest } from "../../core/store.ts";
import { jobFromRow, type JobRow } from "../sql/job-row.ts";
import { firstLaneId, laneOf } from "./lane-row.ts";
import { newQueuePlace, NEXT_LANE, QueueWalk, type QueuePlace } from "./queue-walk.ts";
import type { NamedSql, Session } from "./session.ts";

const QUEUES: NamedSql = {
  name: "CLAIM_QUEUES",
  sql: `SELECT id, name, paused_at, settings FROM millrace_queue WHERE org = ?`,
};

/**
 * The picked tickets enter `running`. The token grows here and nowhere else. An instant never lies before the one it
 * follows, also when the host's clock was set back.
 */
const START: NamedSql = {
  name: "CLAIM_START",
  sql: `INSERT INTO millrace_running (job, lane, priority, run_at, attempt, token, started_at, worker, attempt_started_at, lease_until)
        SELECT job, lane, priority, run_at, attempt + 1, token + 1,
               coalesce(started_at, max(?2, run_at)), ?3, max(?2, run_at, coalesce(started_at, 0)), ?2 + ?4
        FROM millrace_ready WHERE job IN (SELECT value FROM json_each(?1))`,
};
const READY: NamedSql = {
  name: "CLAIM_READY",
  sql: `SELECT y.job, y.lane FROM millrace_job j CROSS JOIN millrace_ready y ON y.job = j.seq WHERE j.id = ?`,
};
const LEAVE_READY: NamedSql = {
  name: "CLAIM_LEAVE_READY",
  sql: `DELETE FROM millrace_ready WHERE job IN (SELECT value FROM json_each(?))`,
};

const HELD: NamedSql = { name: "CLAIM_HELD", sql: `SELECT count(*) AS n FROM millrace_running WHERE worker = ?` };

/** The picked jobs as `millrace_jobs` would show them; written out, since of its five places only one can be meant. */
const CLAIMED: NamedSql = {
  name: "CLAIM_READ",
  sql: `SELECT j.seq, j.id, j.number, c.scope, q.name AS queue, q.org, j.kind, j.payload, 'running' AS state, j.priority,
          r.attempt, j.max_attempts, j.timeout_ms, j.backoff, r.run_at, j.created_at, r.started_at, NULL AS finished_at,
          NULL AS result, CASE WHEN r.token > 1 THEN (
            SELECT a.error FROM millrace_attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1
          ) END AS error,
          NULL AS percent, NULL AS message, j.created_by, j."group", j.tags, l.requires, l.fair_key, j.key, j.retry_of,
          r.worker, NULL AS cancel_requested_at, NULL AS cancelled_by, NULL AS cancel_reason, r.token, r.lease_until
        FROM json_each(?) e
        CROSS JOIN millrace_running r ON r.job = e.value
        CROSS JOIN millrace_job j ON j.seq = r.job
        CROSS JOIN millrace_counter c ON c.id = j.scope
        CROSS JOIN millrace_lane l ON l.id = j.lane
        CROSS JOIN millrace_queue q ON q.id = l.queue
        ORDER BY e.key`,
};

interface ClaimedRow extends JobRow {
  readonly token: number;
  readonly lease_until: number;
}

/** What is remembered of a worker between its claims. */
interface ClaimMemory {
  readonly turns: QueueTurns;
  readonly places: Map<number, QueuePlace>;
  /** The last claim got all it asked for, so there is likely more. */
  wasFull: boolean;
}

interface OpenQueue {
  readonly id: number;
  readonly settings: QueueSettings;
}

/** Claims of one process: who was served last is remembered here. */
export class Claimer {
  readonly #memories = new Map<string, ClaimMemory>();

  /** As `Store.claim`, inside a transaction. */
  claim(session: Session, request: ClaimRequest): readonly Claim[] {
    const queues = openQueues(session, request);
    const memory = this.#memory(request.worker);
    const max = Math.min(request.max, freeSlots(session, request));
    const jobs = max < 1 ? [] : pick({ ...request, max }, memory.turns, this.#walks(session, request, queues));
    memory.wasFull = jobs.length === request.max;
    return start(session, jobs, request, queues);
  }

  /** As `Store.claimJob`, inside a transaction. */
  claimJob(session: Session, request: JobClaimRequest, id: JobId): Claim | null {
    const ready = session.get<{ job: number; lane: number }>(READY, id);
    if (ready === undefined) return null;
    const lane = laneOf(session, ready.lane);
    const queues = openQueues(session, { org: request.org, queues: { order: "strict", names: [lane.queue] } });
    if (lane.org !== request.org || !queues.has(lane.queue) || !serves(lane, request.labels)) return null;
    return start(session, [ready.job], request, queues)[0] ?? null;
  }

  /** False when a claim would find nothing; asked before taking the write lock. */
  hasWork(session: Session, request: ClaimRequest): boolean {
    if (this.#memory(request.worker).wasFull) return true;
    const walks = this.#walks(session, request, openQueues(session, request));
    return [...walks.values()].some((walk) => walk.hasWork());
  }

  forgetWorker(worker: string): void {
    this.#memories.delete(worker);
  }

  #memory(worker: string): ClaimMemory {
    let memory = this.#memories.get(worker);
    if (memory === undefined) {
      memory = { turns: new QueueTurns(), places: new Map(), wasFull: false };
      this.#memories.set(worker, memory);
    }
    return memory;
  }

  /** The queues that this worker serves and that have tickets, by name. */
  #walks(session: Session, request: ClaimRequest, queues: ReadonlyMap<string, OpenQueue>): Map<string, QueueWalk> {
    const { places } = this.#memory(request.worker);
    const walks = new Map<string, QueueWalk>();
    for (const [name, { id }] of queues) {
      if (session.get(NEXT_LANE, firstLaneId(id), firstLaneId(id + 1)) === undefined) continue;
      let place = places.get(id);
      if (place === undefined) places.set(id, (place = newQueuePlace(id)));
      walks.set(name, new QueueWalk(session, id, request.labels, place));
    }
    return walks;
  }
}

/** `running` holds no more than all workers can carry, so what one of them holds is counted without an index. */
export function freeSlots(session: Session, { worker, slots }: Pick<ClaimRequest, "worker" | "slots">): number {
  if (slots === undefined) return Number.POSITIVE_INFINITY;
  return slots - (session.get<{ n: number }>(HELD, worker)?.n ?? 0);
}

/** Move the tickets of these jobs, which are ready. */
function start(
  session: Session,
  jobs: readonly number[],
  { worker, leaseMs }: JobClaimRequest,
  queues: ReadonlyMap<string, OpenQueue>,
): readonly Claim[] {
  if (jobs.length === 0) return [];
  const picked = JSON.stringify(jobs);
  session.run(START, picked, session.now(), worker, leaseMs);
  session.run(LEAVE_READY, picked);
  for (const job of jobs) session.note("started", job);
  return session.all<ClaimedRow>(CLAIMED, picked).map((row) => claimFrom(row, queues));
}

/** Queue by queue, turn by turn, until there are enough or nothing is left. */
function pick(request: ClaimRequest, turns: QueueTurns, walks: Map<string, QueueWalk>): number[] {
  const picked: number[] = [];
  while (picked.length < request.max) {
    const name = turns.next(request.queues, [...walks.keys()]);
    const walk = name === undefined ? undefined : walks.get(name);
    if (name === undefined || walk === undefined) break;
    const left = request.max - picked.length;
    const isShared = walks.size > 1 && request.queues.order !== "strict";
    const taken = walk.take(isShared ? Math.max(1, Math.floor(left / 32)) : left);
    picked.push(...taken);
    if (taken.length === 0) walks.delete(name);
  }
  return picked;
}

/** The chosen queues that are not paused, with what holds for those of their jobs that say nothing themselves. */
function openQueues(session: Session, request: Pick<ClaimRequest, "org" | "queues">): ReadonlyMap<string, OpenQueue> {
  const open = new Map<string, OpenQueue>();
  for (const row of session.all<QueueRow>(QUEUES, request.org)) {
    if (row.paused_at !== null || !isChosen(request.queues, row.name)) continue;
    open.set(row.name, { id: row.id, settings: resolveQueueSettings(JSON.parse(row.settings) as QueueOverrides) });
  }
  return open;
}

interface QueueRow {
  readonly id: number;
  readonly name: string;
  readonly paused_at: number | null;
  readonly settings: string;
}

function claimFrom(row: ClaimedRow, queues: ReadonlyMap<string, OpenQueue>): Claim {
  const settings = queues.get(row.queue)?.settings;
  if (settings === undefined) throw new Error(`the queue ${row.queue} of a claimed job is not open`);
  return {
    lease: { job: row.id, token: row.token, attempt: row.attempt, expiresAt: new Date(row.lease_until) },
    job: jobFromRow(row),
    queue: { backoff: settings.backoff, timeoutMs: settings.timeoutMs },
  };
}
