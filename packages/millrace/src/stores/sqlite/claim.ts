import type { Job } from "../../core/job.ts";
import { isChosen, QueueTurns, type Lane } from "../../core/lane.ts";
import { resolveQueueSettings, type QueueOverrides, type QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
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
const LEAVE_READY: NamedSql = {
  name: "CLAIM_LEAVE_READY",
  sql: `DELETE FROM millrace_ready WHERE job IN (SELECT value FROM json_each(?))`,
};
const CLAIMED: NamedSql = {
  name: "CLAIM_READ",
  sql: `SELECT j.id, j.lane, j.number, j.kind, j.payload, j.priority, j.max_attempts, j.timeout_ms, j.backoff, j.created_at,
          j.created_by, j."group", j.tags, j.key, j.retry_of, r.attempt, r.token, r.run_at AS ticket_run_at, r.started_at, r.lease_until, c.scope AS scope_name,
          CASE WHEN r.token > 1 THEN
            (SELECT a.error FROM millrace_attempt a WHERE a.job = j.seq AND a.error IS NOT NULL ORDER BY a.token DESC LIMIT 1)
          END AS error
        FROM json_each(?) e
        CROSS JOIN millrace_running r ON r.job = e.value
        CROSS JOIN millrace_job j ON j.seq = r.job
        CROSS JOIN millrace_counter c ON c.id = j.scope
        ORDER BY e.key`,
};

interface ClaimedRow extends Omit<JobRow, "scope"> {
  readonly lane: number;
  readonly token: number;
  readonly ticket_run_at: number;
  readonly lease_until: number;
  readonly scope_name: string;
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
    const jobs = pick(request, memory.turns, this.#walks(session, request, queues));
    memory.wasFull = jobs.length === request.max;
    if (jobs.length === 0) return [];
    const picked = JSON.stringify(jobs);
    session.run(START, picked, session.now(), request.worker, request.leaseMs);
    session.run(LEAVE_READY, picked);
    for (const job of jobs) session.note("started", job);
    const rows = session.all<ClaimedRow>(CLAIMED, picked);
    return rows.map((row) => claimFrom(row, laneOf(session, row.lane), request, queues));
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
function openQueues(session: Session, request: ClaimRequest): ReadonlyMap<string, OpenQueue> {
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

function claimFrom(
  row: ClaimedRow,
  lane: Lane & { readonly org: string },
  request: ClaimRequest,
  queues: ReadonlyMap<string, OpenQueue>,
): Claim {
  const job: Job = jobFromRow({
    ...row,
    scope: row.scope_name,
    queue: lane.queue,
    org: lane.org,
    state: "running",
    run_at: row.ticket_run_at,
    requires: JSON.stringify(lane.requires),
    fair_key: lane.fairKey ?? "",
    worker: request.worker,
    finished_at: null,
    result: null,
    percent: null,
    message: null,
    cancel_requested_at: null,
    cancelled_by: null,
    cancel_reason: null,
  });
  const lease = { job: row.id, token: row.token, attempt: row.attempt, expiresAt: new Date(row.lease_until) };
  const settings = queues.get(lane.queue)?.settings;
  if (settings === undefined) throw new Error(`the queue ${lane.queue} of a claimed job is not open`);
  return { lease, job, queue: { backoff: settings.backoff, timeoutMs: settings.timeoutMs } };
}
