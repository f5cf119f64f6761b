import type { WorkerRegistration } from "../../core/store.ts";
import { afterCancel, afterRelease } from "../../core/transition.ts";
import type { WorkerInfo } from "../../core/worker-info.ts";
import { placeTickets, type MovedTicket, type RunningRow } from "./place-tickets.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const REGISTER: NamedSql = {
  name: "WORKER_REGISTER",
  sql: `INSERT INTO millrace.worker (id, org, name, host, pid, queues, labels, concurrency, started_at, seen_at, alive_until)
        SELECT $1::text, $2::text, $3::text, $4::text, $5::text::bigint, $6::text, $7::text, $8::text::bigint, t.now, t.now, t.now + $9::text::bigint
        FROM (SELECT ${presentAt(10)} AS now) t
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, pid = excluded.pid,
          queues = excluded.queues, labels = excluded.labels, concurrency = excluded.concurrency,
          seen_at = excluded.seen_at, alive_until = excluded.alive_until
        WHERE worker.org = excluded.org`,
};
const REMOVE: NamedSql = { name: "WORKER_REMOVE", sql: `DELETE FROM millrace.worker WHERE id = $1::text` };
/**
 * All tickets of a worker. In the order of their jobs, as everybody takes several, so that two who do cannot wait for
 * each other; what somebody else moves meanwhile is not there any more when its turn comes.
 */
const TAKE_ALL: NamedSql = {
  name: "WORKER_TAKE_ALL",
  sql: `WITH held AS MATERIALIZED (
          SELECT r.job FROM millrace.running r WHERE r.worker = $1::text ORDER BY r.job FOR UPDATE
        )
        DELETE FROM millrace.running r WHERE r.job = ANY (ARRAY (SELECT job FROM held)) AND r.worker = $1::text RETURNING r.*`,
};
/** `running` holds no more than all workers can carry, so it is counted in one go. */
const ALIVE: NamedSql = {
  name: "WORKER_ALL",
  sql: `SELECT w.*, coalesce(r.n, 0) AS running
        FROM millrace.worker w
        LEFT JOIN (SELECT worker, count(*) AS n FROM millrace.running GROUP BY worker) r ON r.worker = w.id
        WHERE w.org = $1::text AND w.alive_until > (SELECT ${presentAt(2)}) ORDER BY w.started_at, w.id COLLATE "C"`,
};

interface WorkerRow {
  readonly id: string;
  readonly name: string;
  readonly host: string | null;
  readonly pid: number | null;
  readonly queues: string | null;
  readonly labels: string;
  readonly concurrency: number;
  readonly started_at: number;
  readonly seen_at: number;
  readonly running: number;
}

/** As `Store.registerWorker`. */
export async function registerWorker(session: Session, worker: WorkerRegistration): Promise<"registered" | "taken"> {
  const { id, org, name, host, pid, queues, labels, concurrency, leaseMs } = worker;
  const served = queues === null ? null : JSON.stringify(queues);
  const kept = [id, org, name, host, pid, served, JSON.stringify(labels), concurrency] as const;
  return (await session.run(REGISTER, ...kept, leaseMs, session.now())) === 0 ? "taken" : "registered";
}

/** As `Store.removeWorker`, inside a transaction. */
export async function removeWorker(session: Session, id: string): Promise<number> {
  const held = (await session.all<RunningRow>(TAKE_ALL, id)).toSorted((a, b) => a.job - b.job);
  await placeTickets(
    session,
    held.map((ticket): MovedTicket => {
      if (ticket.cancel_requested_at === null) return { ticket, move: afterRelease(), endedBy: "worker" };
      return { ticket, move: afterCancel(ticket.cancel_reason), endedBy: "cancel" };
    }),
  );
  await session.run(REMOVE, id);
  return held.length;
}

export async function readWorkers(session: Session, org: string): Promise<readonly WorkerInfo[]> {
  return (await session.all<WorkerRow>(ALIVE, org, session.now())).map((row) => ({
    id: row.id,
    name: row.name,
    host: row.host,
    pid: row.pid,
    queues: row.queues === null ? null : (JSON.parse(row.queues) as string[]),
    labels: JSON.parse(row.labels) as string[],
    concurrency: row.concurrency,
    running: row.running,
    startedAt: new Date(row.started_at),
    seenAt: new Date(row.seen_at),
  }));
}
