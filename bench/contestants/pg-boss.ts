import { loadPeer } from "./load-peer.ts";
import { openOwnRows } from "./own-rows.ts";
import {
  payloads,
  postgresUrl,
  type Contestant,
  type Handler,
  type Payload,
  type Place,
  type WorkOptions,
} from "./contestant.ts";

const QUEUE = "bench";
const FILL_BATCH = 5_000;
/** Loops that take and complete: tried out, more gain nothing on two cores, and one is best for a few jobs. */
const MOST_LOOPS = 4;
const JOBS_PER_LOOP = 64;
/** Half a second is the shortest it takes. */
const POLL_SECONDS = 0.5;

/** The part of pg-boss that is used here; see its own types. */
interface PgBossModule {
  readonly PgBoss: new (options: object) => PgBoss;
}
interface PgBoss {
  on(event: "error", listener: (error: Error) => void): unknown;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: Payload, options?: { readonly db: Executor }): Promise<unknown>;
  insert(name: string, jobs: readonly { readonly data: Payload; readonly priority?: number }[]): Promise<unknown>;
  fetch(name: string, options: { readonly batchSize: number }): Promise<readonly Job[]>;
  complete(name: string, ids: readonly string[]): Promise<{ readonly affected: number }>;
  work(name: string, options: object, handler: (jobs: readonly Job[]) => Promise<void>): Promise<string>;
  offWork(name: string, options: object): Promise<void>;
  getDb(): Executor;
}
interface Executor {
  executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Counted[] }>;
}
interface Job {
  readonly id: string;
  readonly data: Payload;
}
interface Counted {
  readonly count: number;
}

/** pg-boss. `variant`: "notify" wakes its workers by LISTEN and NOTIFY, otherwise they poll, as it comes. */
export async function openContestant(place: Place): Promise<Contestant> {
  const { PgBoss } = await loadPeer<PgBossModule>("pg-boss");
  const notify = place.variant === "notify";
  const boss = new PgBoss({ connectionString: postgresUrl(place), useListenNotify: notify });
  boss.on("error", (error) => {
    throw error;
  });
  await boss.start();
  await boss.createQueue(QUEUE, { notify });

  const rows = openOwnRows(place);
  const insert = (all: readonly Payload[], priorities = 1): Promise<unknown> =>
    boss.insert(
      QUEUE,
      all.map((data) => (priorities === 1 ? { data } : { data, priority: data.n % priorities })),
    );

  return {
    fill: async (count, priorities) => {
      for (let from = 0; from < count; from += FILL_BATCH) {
        await insert(payloads(Math.min(FILL_BATCH, count - from), from), priorities);
      }
    },
    add: (payload) => boss.send(QUEUE, payload),
    addMany: (all) => insert(all),
    addWithin: (payload) =>
      rows.transaction(payload.n, (tx) =>
        boss.send(QUEUE, payload, { db: { executeSql: (text, values) => tx.query<Counted>(text, values) } }),
      ),
    drain: async (_total, options) => {
      const { loops, batchSize } = loopsFor(options);
      await Promise.all(Array.from({ length: loops }, () => takeAndComplete(boss, batchSize, options.handler)));
    },
    start: async (options) => {
      const { loops, batchSize } = loopsFor(options);
      await boss.work(
        QUEUE,
        {
          localConcurrency: loops,
          batchSize,
          burstWhenBatchFull: true,
          pollingIntervalSeconds: POLL_SECONDS,
        },
        async (jobs) => void (await Promise.all(jobs.map(async ({ data }) => options.handler(data)))),
      );
      return { stop: () => boss.offWork(QUEUE, { wait: true }) };
    },
    completedCount: async () => {
      const text = "SELECT count(*)::integer AS count FROM pgboss.job WHERE name = $1 AND state = 'completed'";
      const { rows } = await boss.getDb().executeSql(text, [QUEUE]);
      return rows[0]?.count ?? Number.NaN;
    },
    close: async () => {
      await rows.close();
      await boss.stop({ graceful: false });
    },
  };
}

/** Its own loop waits for a poll when a batch was not full; this one goes on until nothing is left. */
async function takeAndComplete(boss: PgBoss, batchSize: number, handler: Handler): Promise<void> {
  for (;;) {
    const jobs = await boss.fetch(QUEUE, { batchSize });
    if (jobs.length === 0) return;
    await Promise.all(jobs.map(async ({ data }) => handler(data)));
    const { affected } = await boss.complete(
      QUEUE,
      jobs.map(({ id }) => id),
    );
    if (affected !== jobs.length) throw new Error(`pg-boss completed ${affected} of ${jobs.length} jobs`);
  }
}

function loopsFor({ concurrency }: WorkOptions): { readonly loops: number; readonly batchSize: number } {
  const loops = Math.min(MOST_LOOPS, Math.ceil(concurrency / JOBS_PER_LOOP));
  return { loops, batchSize: Math.ceil(concurrency / loops) };
}
