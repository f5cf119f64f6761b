import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { isBusy } from "./errors.ts";
import type { PacemakerOrder, PacemakerSetup } from "./pacemaker.ts";

/**
 * The thread of `Pacemaker`. Every tick it looks at the pulse; once that has stood still for a third of a lease, the
 * leases of the worker are prolonged at every further third. The tickets are this process's own, so no token is needed:
 * none of them can have been claimed under this worker's id by anybody else.
 */
const PROLONG = `UPDATE millrace_running SET lease_until = max(lease_until, @until) WHERE worker = @worker`;

const setup = workerData as PacemakerSetup;
const pulse = new Int32Array(setup.pulse);
let order: PacemakerOrder = { workers: [], everyMs: 1_000 };
let lastPulse = 0;
let stoodStillSince = performance.now();
const prolongedAt = new Map<string, number>();
let timer: NodeJS.Timeout | undefined;
let db: Database.Database | undefined;

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
  for (const { id, leaseMs } of order.workers) {
    if (now - (prolongedAt.get(id) ?? stoodStillSince) < leaseMs / 3) continue;
    prolongedAt.set(id, now);
    prolong(id, leaseMs);
  }
}

function prolong(worker: string, leaseMs: number): void {
  try {
    db ??= new Database(setup.file, { fileMustExist: true, timeout: Math.min(Math.floor(leaseMs / 3), 5_000) });
    db.prepare(PROLONG).run({ worker, until: Date.now() + leaseMs });
  } catch (error) {
    if (!isBusy(error)) throw error;
    prolongedAt.delete(worker);
  }
}
