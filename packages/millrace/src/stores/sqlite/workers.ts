import type { WorkerRegistration } from "../../core/store.ts";
import { afterCancel, afterRelease } from "../../core/transition.ts";
import type { WorkerInfo } from "../../core/worker-info.ts";
import type { NamedSql, Session } from "./session.ts";
import { moveTicket, type RunningRow } from "./settle.ts";

const REGISTER: NamedSql = {
  name: "WORKER_REGISTER",
  sql: `INSERT INTO millrace_worker (id, org, name, host, pid, queues, labels, concurrency, started_at, seen_at, alive_until)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?9 + ?10)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, pid = excluded.pid,
          queues = excluded.queues, labels = excluded.labels, concurrency = excluded.concurrency,
          seen_at = excluded.seen_at, alive_until = excluded.alive_until
        WHERE millrace_worker.org = excluded.org`,
};
const REMOVE: NamedSql = { name: "WORKER_REMOVE", sql: `DELETE FROM millrace_worker WHERE id = ?` };
const TAKE_ALL: NamedSql = {
  name: "WORKER_TAKE_ALL",
  sql: `DELETE FROM millrace_running WHERE worker = ? RETURNING *`,
};
const ALIVE: NamedSql = {
  name: "WORKER_ALL",
  sql: `SELECT w.*, (SELECT count(*) FROM millrace_running r WHERE r.worker = w.id) AS running
        FROM millrace_worker w WHERE w.org = ? AND w.alive_until > ? ORDER BY w.started_at, w.id`,
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

/** As `Store.registerWorker`, inside a transaction. */
export function registerWorker(session: Session, worker: WorkerRegistration): "registered" | "taken" {
  const { id, org, name, host, pid, queues, labels, concurrency, leaseMs } = worker;
  const served = queues === null ? null : JSON.stringify(queues);
  const kept = [id, org, name, host, pid, served, JSON.stringify(labels), concurrency] as const;
  return session.run(REGISTER, ...kept, session.now(), leaseMs) === 0 ? "taken" : "registered";
}

/** As `Store.removeWorker`, inside a transaction. */
export function removeWorker(session: Session, id: string): number {
  const held = session.all<RunningRow>(TAKE_ALL, id);
  for (const ticket of held) {
    if (ticket.cancel_requested_at === null) moveTicket(session, ticket, afterRelease(), "worker");
    else moveTicket(session, ticket, afterCancel(ticket.cancel_reason), "cancel");
  }
  session.run(REMOVE, id);
  return held.length;
}

export function readWorkers(session: Session, org: string): readonly WorkerInfo[] {
  return session.all<WorkerRow>(ALIVE, org, session.now()).map((row) => ({
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
