import { join } from "node:path";
import { openFile, writeOwnRow, type SqliteFile } from "./sqlite-driver.ts";
import { loadPeer } from "./load-peer.ts";
import { payloads, type Contestant, type Payload, type Place, type WorkOptions } from "./contestant.ts";

const TYPE = "bench";
const FILL_BATCH = 10_000;
const DONE = 2;
const IDLE_POLL_MS = 1;
/** Where other processes take jobs too, the end is looked for; seldom, since a look counts rows. */
const DRAINED_POLL_MS = 50;

/** The part of plainjob that is used here; see its own types. */
interface Plainjob {
  readonly better: (file: SqliteFile) => unknown;
  readonly defineQueue: (options: { readonly connection: unknown; readonly logger: object }) => Queue;
  readonly defineWorker: (
    type: string,
    run: (job: { readonly data: string }) => Promise<void>,
    options: WorkerOptions,
  ) => Worker;
}
interface WorkerOptions {
  readonly queue: Queue;
  readonly logger: object;
  readonly pollIntervall: number;
  readonly onCompleted: () => void;
}
interface Queue {
  add(type: string, data: unknown): unknown;
  addMany(type: string, data: readonly unknown[]): unknown;
  countJobs(filter: { readonly type: string; readonly status: number }): number;
  close(): void;
}
interface Worker {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** plainjob on a SQLite file, with the page cache and the log size that Millrace uses. `variant`: its `synchronous`. */
export async function openContestant(place: Place): Promise<Contestant> {
  const plainjob = await loadPeer<Plainjob>("plainjob");
  const file = await openFile(join(place.folder, "plainjob.db"));
  const queue = plainjob.defineQueue({ connection: plainjob.better(file), logger: silent });
  // After `defineQueue`, which sets NORMAL.
  file.pragma(`synchronous = ${place.variant}`);
  file.pragma("cache_size = -65536");
  file.pragma("wal_autocheckpoint = 4000");

  /** One worker runs one job at a time, so there are as many as should run at once. */
  const start = ({ concurrency, handler }: WorkOptions, onCompleted = (): void => {}): { stop(): Promise<void> } => {
    const run = async ({ data }: { readonly data: string }): Promise<void> => handler(JSON.parse(data) as Payload);
    const options = { queue, logger: silent, pollIntervall: IDLE_POLL_MS, onCompleted };
    const workers = Array.from({ length: concurrency }, () => plainjob.defineWorker(TYPE, run, options));
    const running = workers.map((worker) => worker.start());
    return {
      async stop() {
        await Promise.all(workers.map((worker) => worker.stop()));
        await Promise.all(running);
      },
    };
  };
  const open = (): number => queue.countJobs({ type: TYPE, status: 0 }) + queue.countJobs({ type: TYPE, status: 1 });

  return {
    fill: async (count) => {
      for (let from = 0; from < count; from += FILL_BATCH) {
        queue.addMany(TYPE, payloads(Math.min(FILL_BATCH, count - from), from));
      }
    },
    add: async (payload) => queue.add(TYPE, payload),
    addMany: async (all) => queue.addMany(TYPE, all),
    addWithin: async (payload) => writeOwnRow(file, payload.n, () => queue.add(TYPE, payload)),
    drain: async (total, options) => {
      const all = Promise.withResolvers<void>();
      let left = total;
      const working = start(options, () => {
        left -= 1;
        if (left === 0) all.resolve();
      });
      const looking = setInterval(() => {
        if (open() === 0) all.resolve();
      }, DRAINED_POLL_MS);
      await all.promise;
      clearInterval(looking);
      await working.stop();
    },
    start: async (options) => start(options),
    completedCount: async () => queue.countJobs({ type: TYPE, status: DONE }),
    close: async () => queue.close(),
  };
}
