import type { Job } from "../../core/job.ts";
import { serves, Turns, type Lane } from "../../core/lane.ts";
import { resolveQueueSettings, type QueueOverrides, type QueueSettings } from "../../core/queue.ts";
import type { Claim, ClaimRequest } from "../../core/store.ts";
import { jobFromRow, type JobRow } from "../sql/job-row.ts";
import { Line } from "./line.ts";
import type { NamedSql, Session } from "./session.ts";

/** Lanes looked at in one claim; where more have work, the next claims go on behind them. */
const LANES_PER_CLAIM = 256;

/** Lanes that have work, in their order: jumps from lane to lane along the index and never reads a queue's length. */
const LANES_WITH_WORK: NamedSql = {
  name: "CLAIM_LANES",
  sql: `WITH RECURSIVE lane(id) AS (
          SELECT min(lane) FROM millrace_ready WHERE lane > ?1
          UNION ALL
          SELECT (SELECT min(lane) FROM millrace_ready WHERE lane > lane.id) FROM lane WHERE lane.id IS NOT NULL
        )
        SELECT id FROM lane WHERE id IS NOT NULL LIMIT ?2`,
};
const LANE: NamedSql = {
  name: "CLAIM_LANE",
  sql: `SELECT l.id, q.org, q.name AS queue, l.requires, l.fair_key FROM millrace_lane l
        JOIN millrace_queue q ON q.id = l.queue WHERE l.id = ?`,
};
const QUEUES: NamedSql = {
  name: "CLAIM_QUEUES",
  sql: `SELECT name, paused_at, settings FROM millrace_queue WHERE org = ?`,
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
  sql: `SELECT j.*, r.attempt, r.token, r.run_at AS ticket_run_at, r.started_at, r.lease_until, c.scope AS scope_name,
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

interface ClaimMemory {
  readonly turns: Turns;
  /** Where the next claim begins to look. */
  lastLane: number;
  /** The last claim got all it asked for, so there is likely more. */
  wasFull: boolean;
}

/** Claims of one process: who was served last is remembered here. */
export class Claimer {
  readonly #memories = new Map<string, ClaimMemory>();

  /** As `Store.claim`, inside a transaction. */
  claim(session: Session, request: ClaimRequest): readonly Claim[] {
    const queues = openQueues(session, request.org);
    const { lines, lastLane } = this.#findWork(session, request, queues);
    const memory = this.#memory(request.worker);
    memory.lastLane = lastLane;
    const jobs = this.#pick(request, lines);
    memory.wasFull = jobs.length === request.max;
    if (jobs.length === 0) return [];
    const now = session.now();
    const picked = JSON.stringify(jobs);
    session.run(START, picked, now, request.worker, request.leaseMs);
    session.run(LEAVE_READY, picked);
    for (const job of jobs) session.note("started", job);
    const rows = session.all<ClaimedRow>(CLAIMED, picked);
    return rows.map((row) => claimFrom(row, laneOf(session, row.lane), request, queues));
  }

  /** False when a claim would find nothing; asked before taking the write lock. */
  hasWork(session: Session, request: ClaimRequest): boolean {
    if (this.#memory(request.worker).wasFull) return true;
    return this.#findWork(session, request, openQueues(session, request.org)).lines.size > 0;
  }

  forgetWorker(worker: string): void {
    this.#memories.delete(worker);
  }

  #memory(worker: string): ClaimMemory {
    let memory = this.#memories.get(worker);
    if (memory === undefined) {
      memory = { turns: new Turns(), lastLane: 0, wasFull: false };
      this.#memories.set(worker, memory);
    }
    return memory;
  }

  /**
   * Queue → fairness key → its line, of what this worker may serve. Looks through the lanes window by window, from
   * where the last claim ended, until there is work or all have been seen.
   */
  #findWork(
    session: Session,
    request: ClaimRequest,
    queues: ReadonlyMap<string, QueueSettings>,
  ): { readonly lines: Map<string, Map<string, Line>>; readonly lastLane: number } {
    let from = this.#memory(request.worker).lastLane;
    let isLastRound = from === 0;
    for (;;) {
      const ids = session.all<{ id: number }>(LANES_WITH_WORK, from, LANES_PER_CLAIM);
      const lines = linesOf(session, request, queues, ids);
      const hasMore = ids.length === LANES_PER_CLAIM;
      const lastLane = hasMore ? (ids.at(-1)?.id ?? 0) : 0;
      if (lines.size > 0 || (isLastRound && !hasMore)) return { lines, lastLane };
      isLastRound ||= !hasMore;
      from = lastLane;
    }
  }

  #pick(request: ClaimRequest, lines: Map<string, Map<string, Line>>): number[] {
    const { turns } = this.#memory(request.worker);
    const picked: number[] = [];
    while (picked.length < request.max) {
      const queue = turns.nextQueue(request.queues, [...lines.keys()]);
      const lineByKey = queue === undefined ? undefined : lines.get(queue);
      if (queue === undefined || lineByKey === undefined) break;
      const key = turns.nextKey(queue, [...lineByKey.keys()]) ?? "";
      const left = request.max - picked.length;
      const hasRivals = lineByKey.size > 1 || (lines.size > 1 && request.queues.order !== "strict");
      const share = hasRivals ? Math.max(1, Math.floor(left / 32)) : left;
      const taken = lineByKey.get(key)?.take(share) ?? [];
      picked.push(...taken);
      if (taken.length < share) lineByKey.delete(key);
      if (lineByKey.size === 0) lines.delete(queue);
    }
    return picked;
  }
}

function linesOf(
  session: Session,
  request: ClaimRequest,
  queues: ReadonlyMap<string, QueueSettings>,
  ids: readonly { readonly id: number }[],
): Map<string, Map<string, Line>> {
  const lines = new Map<string, Map<string, Line>>();
  for (const { id } of ids) {
    const lane = laneOf(session, id);
    const isServed = lane.org === request.org && queues.has(lane.queue) && isChosen(request, lane.queue);
    if (!isServed || !serves(lane, request.labels)) continue;
    let lineByKey = lines.get(lane.queue);
    if (lineByKey === undefined) lines.set(lane.queue, (lineByKey = new Map<string, Line>()));
    let line = lineByKey.get(lane.fairKey ?? "");
    if (line === undefined) lineByKey.set(lane.fairKey ?? "", (line = new Line(session)));
    line.addLane(id);
  }
  return lines;
}

function isChosen(request: ClaimRequest, queue: string): boolean {
  const choice = request.queues;
  if (choice.order === "strict") return choice.names.includes(queue);
  return choice.order === "turns" || (choice.weights.get(queue) ?? 0) > 0;
}

/** Queues that are not paused, with what holds for those of their jobs that say nothing themselves. */
function openQueues(session: Session, org: string): ReadonlyMap<string, QueueSettings> {
  const open = new Map<string, QueueSettings>();
  for (const row of session.all<{ name: string; paused_at: number | null; settings: string }>(QUEUES, org)) {
    if (row.paused_at !== null) continue;
    open.set(row.name, resolveQueueSettings(JSON.parse(row.settings) as QueueOverrides));
  }
  return open;
}

/** Lanes never change, so one that was read stays read. */
function laneOf(session: Session, id: number): Lane & { readonly org: string } {
  let lane = session.lanes.get(id);
  if (lane === undefined) {
    const row = session.get<{ id: number; org: string; queue: string; requires: string; fair_key: string }>(LANE, id);
    if (row === undefined) throw new Error(`lane ${id} has tickets but no row`);
    lane = {
      id,
      org: row.org,
      queue: row.queue,
      requires: JSON.parse(row.requires) as string[],
      fairKey: row.fair_key === "" ? null : row.fair_key,
    };
    session.lanes.set(id, lane);
  }
  return lane;
}

function claimFrom(
  row: ClaimedRow,
  lane: Lane & { readonly org: string },
  request: ClaimRequest,
  queues: ReadonlyMap<string, QueueSettings>,
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
  const settings = queues.get(lane.queue);
  if (settings === undefined) throw new Error(`the queue ${lane.queue} of a claimed job is not open`);
  return { lease, job, queue: { backoff: settings.backoff, timeoutMs: settings.timeoutMs } };
}
