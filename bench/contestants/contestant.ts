import type { PostgresPlace } from "../postgres-server.ts";

/** What a job carries: its place in the run, and when it was asked for (see `microseconds`). */
export interface Payload {
  readonly n: number;
  readonly at: number;
}

export type Handler = (payload: Payload) => void | Promise<void>;

export interface WorkOptions {
  /** Jobs at the same time. */
  readonly concurrency: number;
  readonly handler: Handler;
}

/** Where a contestant keeps its data, and how it is set up. */
export interface Place {
  /** A folder of the run's own; a second process on the same folder meets the same jobs. */
  readonly folder: string;
  readonly redisPort: number | null;
  /** For who works on PostgreSQL; `null` for the others. */
  readonly postgres: PostgresPlace | null;
  /** A setting of the contestant, such as plainjob's `synchronous`. */
  readonly variant: string;
  /** At most so many connections to its database. @default as many as it does best with */
  readonly connections?: number;
}

/** A job queue as the benchmark sees it. What one cannot do, it leaves out. */
export interface Contestant {
  /** Queue jobs as fast as it goes; never measured. Priorities are spread over `priorities` levels. */
  readonly fill: (count: number, priorities?: number) => Promise<void>;
  /** One job; on disk, as far as the contestant promises that at all, when it resolves. */
  readonly add: (payload: Payload) => Promise<unknown>;
  /** Many in one call. */
  readonly addMany: (payloads: readonly Payload[]) => Promise<unknown>;
  /** A transaction of the caller that writes a row of its own and one job; resolves when it is committed. */
  readonly addWithin?: (payload: Payload) => Promise<unknown>;
  /** Work until all of the `total` queued jobs are settled. */
  readonly drain: (total: number, options: WorkOptions) => Promise<void>;
  /** Work until stopped; resolves when jobs are taken. */
  readonly start?: (options: WorkOptions) => Promise<{ stop(): Promise<void> }>;
  /** How many jobs have ended well; asked after a run, to see that it did what it says. */
  readonly completedCount: () => Promise<number>;
  /** CPU time of a server that works beside this process, in milliseconds. */
  readonly serverCpuMs?: () => Promise<number>;
  /** How far the write-ahead log of a PostgreSQL has come, in bytes. */
  readonly walBytes?: () => Promise<number>;
  readonly close: () => Promise<void>;
}

export type OpenContestant = (place: Place) => Promise<Contestant>;

/** Microseconds on a clock that all processes of the machine share. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

export function payloads(count: number, from = 0): Payload[] {
  return Array.from({ length: count }, (_, i) => ({ n: from + i, at: 0 }));
}

/** The address of the contestant's database. @throws Error for a place that has none */
export function postgresUrl({ postgres }: Place): string {
  if (postgres === null) throw new Error("this contestant needs a PostgreSQL");
  return postgres.url;
}
