import type { Millrace, Worker } from "../index.ts";
import type { Session } from "./session.ts";
import { onStopSignal } from "./stop-signals.ts";
import type { WorkLog } from "./work-log.ts";

const LOOK_EVERY_MS = 200;

/** A script is told to end, and killed after ten seconds; its slot is kept until then. */
export const SCRIPT_ABORT_GRACE_MS = 15_000;

interface RunningWorker {
  readonly mill: Millrace;
  readonly worker: Worker<Millrace>;
  readonly log: WorkLog;
  /** What it is working on, for whoever looks. */
  readonly on: string;
  /** When it resolves, that is the end. @default only a signal ends it */
  readonly until?: (worker: Worker<Millrace>) => Promise<void>;
  readonly signals?: Parameters<typeof onStopSignal>[1];
}

/** Let a worker work until a signal or `until`; then it is stopped, and its counts are the answer of the command. */
export async function runWorker(session: Session, running: RunningWorker): Promise<void> {
  const { worker, log, on, until, signals } = running;
  const { out } = session;
  const stop = Promise.withResolvers<void>();
  const release = onStopSignal((signal) => {
    out.note(`${signal}: finishing what runs; a second signal ends at once.`);
    stop.resolve();
  }, signals);
  // Jobs must not be lost to a closed pipe: the worker stops as if it had been asked to.
  out.whenGone(() => stop.resolve());
  // Also keeps the process alive: a worker that waits for work does not.
  const timer = setInterval(() => void showProgress(session, running), LOOK_EVERY_MS);
  try {
    await worker.start();
    out.note(`Working on ${on}. Ctrl-C stops.`);
    await Promise.race(until === undefined ? [stop.promise] : [until(worker), stop.promise]);
  } finally {
    clearInterval(timer);
    await worker.stop();
    release();
    out.progress.clear();
  }
  out.answer(log.counts, () => [`${log.summary()}.`]);
}

async function showProgress({ out }: Session, { mill, worker, log }: RunningWorker): Promise<void> {
  if (!out.isProgressShown) return;
  try {
    const { queued } = await mill.counts();
    const { completed } = log.counts;
    out.progress.update(
      completed,
      completed + queued,
      `${log.summary()}, ${worker.stats.running} running, ${queued} queued`,
    );
  } catch {
    // The bar is for the eye only; the worker itself tells of an outage.
  }
}
