import { askRedis } from "../redis-server.ts";
import { loadPeer } from "./load-peer.ts";
import { payloads, postgresUrl, type Contestant, type Payload, type Place, type WorkOptions } from "./contestant.ts";

const NAME = "bench";
const FILL_BATCH = 1_000;
/** Connections to PostgreSQL; its guide asks for as many as jobs run at once. */
const POOL_SIZE = 32;

/** The part of BullMQ that is used here; see its own types. */
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: object }, ...backend: Backend) => Queue;
  readonly Worker: new (
    name: string,
    run: (job: { readonly data: Payload }) => Promise<void>,
    options: { readonly connection: object; readonly concurrency: number },
    ...backend: Backend
  ) => Worker;
  readonly createPostgresBackend: object;
}
/** None is Redis. */
type Backend = readonly [backend?: object];
interface Queue {
  waitUntilReady(): Promise<unknown>;
  add(name: string, data: Payload): Promise<unknown>;
  addBulk(jobs: readonly { readonly name: string; readonly data: Payload; readonly opts?: object }[]): Promise<unknown>;
  getCompletedCount(): Promise<number>;
  close(): Promise<void>;
}
interface Worker {
  on(event: "completed", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** BullMQ on PostgreSQL, or on the Redis of this run, whose append-only file decides how durable it is. */
export async function openContestant(place: Place): Promise<Contestant> {
  const { redisPort } = place;
  const bullmq = await loadPeer<BullMq>("bullmq");
  const connection = connectionFor(place);
  const backend: Backend = redisPort === null ? [bullmq.createPostgresBackend] : [];
  const queue = new bullmq.Queue(NAME, { connection }, ...backend);
  await queue.waitUntilReady();

  const start = async ({ concurrency, handler }: WorkOptions, onCompleted: () => void): Promise<Worker> => {
    const worker = new bullmq.Worker(NAME, async (job) => handler(job.data), { connection, concurrency }, ...backend);
    worker.on("completed", onCompleted);
    worker.on("error", (error) => {
      throw error;
    });
    await worker.waitUntilReady();
    return worker;
  };

  return {
    fill: async (count, priorities = 1) => {
      for (let from = 0; from < count; from += FILL_BATCH) {
        const batch = payloads(Math.min(FILL_BATCH, count - from), from);
        await queue.addBulk(batch.map((data) => jobOf(data, priorities)));
      }
    },
    add: (payload) => queue.add(NAME, payload),
    addMany: (all) => queue.addBulk(all.map((data) => ({ name: NAME, data }))),
    drain: async (total, options) => {
      const all = Promise.withResolvers<void>();
      let left = total;
      const worker = await start(options, () => {
        left -= 1;
        if (left === 0) all.resolve();
      });
      await all.promise;
      await worker.close();
    },
    start: async (options) => {
      const worker = await start(options, () => {});
      return { stop: () => worker.close() };
    },
    completedCount: () => queue.getCompletedCount(),
    ...(redisPort === null ? {} : { serverCpuMs: async () => cpuMsOf(await askRedis(redisPort, "INFO cpu")) }),
    close: () => queue.close(),
  };
}

function connectionFor(place: Place): object {
  if (place.redisPort !== null) return { host: "127.0.0.1", port: place.redisPort, maxRetriesPerRequest: null };
  return { connectionString: postgresUrl(place), migrate: true, max: place.connections ?? POOL_SIZE };
}

function jobOf(data: Payload, priorities: number): { name: string; data: Payload; opts?: object } {
  return priorities === 1 ? { name: NAME, data } : { name: NAME, data, opts: { priority: 1 + (data.n % priorities) } };
}

function cpuMsOf(info: string): number {
  const seconds = (field: string): number => Number(new RegExp(`^${field}:([\\d.]+)`, "m").exec(info)?.[1] ?? 0);
  return (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1_000;
}
