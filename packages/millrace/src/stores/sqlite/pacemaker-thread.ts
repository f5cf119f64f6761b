import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { isBusy } from "./errors.ts";
import type { PacemakerOrder, Pulse } from "./pacemaker.ts";

/**
 * The thread of `Pacemaker`. Every tick it looks at the pulse; once that has stood still for a third of a lease, the
 * leases of the worker are prolonged at every further third. The tickets are this process's own, so no token is needed:
 * none of them can have been claimed under this worker's id by anybody else.
 */
const PROLONG = `UPDATE millrace_running SET lease_until = max(lease_until, @until) WHERE worker = @worker`;

const pulse = new Int32Array(workerData as Pulse);
let order: PacemakerOrder = { workers: [], everyMs: 1_000 };
let lastPulse = 0;
let stoodStillSince = performance.now();
const prolongedAt = new Map<string, number>();
let timer: NodeJS.Timeout | undefined;
const databases = new Map<string, Database.Database>();

parentPort?.on("message", (next: PacemakerOrder) => {
  order = next;
  clearInterval(timer);
  timer = setInterval(look, order.everyMs);
});

function look(): void {
  const now = performance.now();
  const beat = Atomics.load(pulse, 0);
  if (beat !== lastPulse) {
    lastPulse = beat;
    stoodStillSince = now;
    prolongedAt.clear();
    return;
  }
  for (const worker of order.workers) {
    if (now - (prolongedAt.get(worker.id) ?? stoodStillSince) < worker.leaseMs / 3) continue;
    prolongedAt.set(worker.id, now);
    prolong(worker);
  }
}

function prolong({ id, file, leaseMs }: PacemakerOrder["workers"][number]): void {
  try {
    const timeout = Math.min(Math.floor(leaseMs / 3), 5_000);
    const db = databases.get(file) ?? new Database(file, { fileMustExist: true, timeout });
    databases.set(file, db);
    db.prepare(PROLONG).run({ worker: id, until: Date.now() + leaseMs });
  } catch (error) {
    if (!isBusy(error)) throw error;
    prolongedAt.delete(id);
  }
}
