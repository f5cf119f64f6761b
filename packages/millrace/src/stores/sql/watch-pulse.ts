import { parentPort, workerData } from "node:worker_threads";
import { END, type KeptWorker, type PacemakerOrder, type Pulse } from "./pacemaker.ts";

/**
 * The thread of a `Pacemaker`. Every tick it looks at the pulse; once that has stood still for a third of a lease, the
 * leases of the worker are prolonged at every further third. The tickets are this process's own, so no token is needed:
 * none of them can have been claimed under this worker's id by anybody else.
 * @param prolong answers false when it should be tried again at the next tick
 */
export function watchPulse<Place>(prolong: (worker: KeptWorker<Place>) => boolean | Promise<boolean>): void {
  const pulse = new Int32Array(workerData as Pulse);
  let order: PacemakerOrder<Place> = { workers: [], everyMs: 1_000 };
  let lastPulse = 0;
  let stoodStillSince = performance.now();
  const prolongedAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  async function keep(worker: KeptWorker<Place>): Promise<void> {
    if (!(await prolong(worker))) prolongedAt.delete(worker.id);
  }

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
      void keep(worker);
    }
  }

  parentPort?.on("message", (next: PacemakerOrder<Place> | typeof END) => {
    // In a thread this ends the thread.
    if (next === END) process.exit();
    order = next;
    clearInterval(timer);
    timer = setInterval(look, order.everyMs);
  });
}
