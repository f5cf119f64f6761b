import { withClient } from "../with-client.ts";
import { loadPeer } from "./load-peer.ts";
import { openOwnRows } from "./own-rows.ts";
import { payloads, postgresUrl, type Contestant, type Payload, type Place, type WorkOptions } from "./contestant.ts";

const TASK = "bench";
const FILL_BATCH = 10_000;
const LOCAL_QUEUE_SIZE = 500;
/** Where other processes take jobs too, the end is looked for, but only while this one has nothing to do. */
const LOOK_EVERY_MS = 20;
/** A job that has ended is deleted. */
const ADD_WITHIN = { name: "add_job", text: "SELECT FROM graphile_worker.add_job($1, payload := $2)" };
const LEFT_COUNT = "SELECT count(*)::integer AS count FROM graphile_worker._private_jobs";

/** The part of graphile-worker that is used here; see its own types. */
interface GraphileWorker {
  readonly makeWorkerUtils: (options: { readonly preset: Preset }) => Promise<Utils>;
  readonly run: (options: {
    readonly preset: Preset;
    readonly taskList: object;
    readonly [more: string]: unknown;
  }) => Promise<Runner>;
  readonly Logger: new (factory: () => () => void) => object;
}
interface Preset {
  readonly worker: Readonly<Record<string, unknown>>;
}
interface Utils {
  migrate(): Promise<void>;
  addJob(task: string, payload: Payload): Promise<unknown>;
  addJobs(jobs: readonly object[]): Promise<unknown>;
  release(): Promise<void>;
}
interface Runner {
  stop(): Promise<void>;
}

/**
 * graphile-worker, its log silent. `variant`: "batched" takes jobs by the hundred and reports their ends together, as
 * its page on performance says; "plain" does neither.
 */
export async function openContestant(place: Place): Promise<Contestant> {
  // One line for each job would be most of the work. Read while it is imported.
  process.env["NO_LOG_SUCCESS"] = "1";
  const graphile = await loadPeer<GraphileWorker>("graphile-worker");
  const url = postgresUrl(place);
  const worker = { connectionString: url, logger: new graphile.Logger(() => () => {}) };
  const utils = await graphile.makeWorkerUtils({ preset: { worker } });
  await utils.migrate();
  let added = 0;
  const rows = openOwnRows(place);

  const start = ({ concurrency, handler }: WorkOptions): Promise<Runner> => {
    const { connections = Math.min(concurrency, 50) + 2 } = place;
    const batching = place.variant === "batched" ? batchingFor(concurrency) : {};
    return graphile.run({
      preset: {
        worker: { ...worker, concurrentJobs: concurrency, maxPoolSize: connections, ...batching },
      },
      taskList: { [TASK]: (payload: Payload) => handler(payload) },
      parsedCronItems: [],
      noHandleSignals: true,
    });
  };
  const leftCount = (): Promise<number> =>
    withClient(url, async (client) => (await client.query<{ count: number }>(LEFT_COUNT)).rows[0]?.count ?? Number.NaN);
  const addMany = async (all: readonly Payload[], priorities = 1): Promise<void> => {
    await utils.addJobs(all.map((payload) => ({ identifier: TASK, payload, priority: payload.n % priorities })));
    added += all.length;
  };

  return {
    fill: async (count, priorities) => {
      for (let from = 0; from < count; from += FILL_BATCH) {
        await addMany(payloads(Math.min(FILL_BATCH, count - from), from), priorities);
      }
    },
    add: async (payload) => {
      await utils.addJob(TASK, payload);
      added += 1;
    },
    addMany,
    addWithin: async (payload) => {
      await rows.transaction(payload.n, (tx) => tx.query({ ...ADD_WITHIN, values: [TASK, JSON.stringify(payload)] }));
      added += 1;
    },
    drain: async (total, options) => {
      const all = Promise.withResolvers<void>();
      let ran = 0;
      const runner = await start({
        ...options,
        handler: async (payload) => {
          await options.handler(payload);
          ran += 1;
          if (ran === total) all.resolve();
        },
      });
      let seen = 0;
      const look = async (): Promise<void> => {
        if (ran !== seen) seen = ran;
        else if ((await leftCount()) === 0) all.resolve();
      };
      const looking = setInterval(() => void look().catch(all.reject), LOOK_EVERY_MS);
      await all.promise;
      clearInterval(looking);
      // Reports what has ended and was not reported yet.
      await runner.stop();
    },
    start,
    completedCount: async () => added - (await leftCount()),
    close: async () => {
      await rows.close();
      await utils.release();
    },
  };
}

function batchingFor(concurrency: number): object {
  return {
    localQueue: { size: Math.max(LOCAL_QUEUE_SIZE, concurrency + 1) },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  };
}
