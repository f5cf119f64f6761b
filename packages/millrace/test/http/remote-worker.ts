import { setTimeout as pause } from "node:timers/promises";
import type { JobBody } from "../../src/http/api/jobs.ts";
import { aServer, type Bench } from "./bench.ts";

/** What servers say to workers; each answer holds some of it. */
interface Said {
  readonly worker: string;
  readonly key: string;
  readonly expiresAt: string;
  readonly jobs: readonly ClaimedJob[];
  readonly leases: readonly { readonly job: string; readonly status: string }[];
  readonly statuses: readonly string[];
  readonly released: number;
  readonly detail: string;
  readonly details: { readonly problems: readonly string[] };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Said;
}

export interface ClaimedJob extends JobBody {
  readonly lease: { readonly token: number; readonly expiresAt: string };
}

export interface Lease {
  readonly job: string;
  readonly token: number;
}

type Ask = (...asked: Parameters<Bench["ask"]>) => Promise<Reply>;

export type WorkerServer = Omit<Bench, "ask"> & { readonly ask: Ask };

/** As `aServer`, for tests that ask what workers ask. */
export async function aWorkerServer(...options: Parameters<typeof aServer>): Promise<WorkerServer> {
  const bench = await aServer(...options);
  return { ...bench, ask: async (...asked) => (await bench.ask(...asked)) as Reply };
}

/** A worker on the far side of the wire. */
export interface RemoteWorker {
  readonly id: string;
  readonly key: string;
  readonly claim: (max?: number, waitMs?: number) => Promise<Reply>;
  readonly settle: (...outcomes: readonly unknown[]) => Promise<Reply>;
  readonly heartbeat: (...leases: readonly unknown[]) => Promise<Reply>;
  readonly log: (...entries: readonly unknown[]) => Promise<Reply>;
  readonly leave: () => Promise<Reply>;
}

/** Registers, as the owner of organisation `default` unless there is another key. */
export async function aRemoteWorker(
  { ask }: { readonly ask: Ask },
  said: object = {},
  as?: string,
): Promise<RemoteWorker> {
  const { status, body } = await ask("POST", "/v1/workers", said, as);
  if (status !== 201) throw new Error(`the worker was not registered: ${JSON.stringify(body)}`);
  const { worker: id, key } = body;
  const path = `/v1/workers/${id}`;
  return {
    id,
    key,
    claim: (max = 1, waitMs = 0) => ask("POST", `${path}/claim`, { max, waitMs }, key),
    settle: (...outcomes) => ask("POST", `${path}/settle`, { outcomes }, key),
    heartbeat: (...leases) => ask("POST", `${path}/heartbeat`, { leases }, key),
    log: (...entries) => ask("POST", `${path}/logs`, { entries }, key),
    leave: () => ask("DELETE", path, undefined, key),
  };
}

export function leaseOf({ id, lease }: ClaimedJob): Lease {
  return { job: id, token: lease.token };
}

/** Claims one job, which is there or comes in time. */
export async function claimOne(worker: RemoteWorker, waitMs = 0): Promise<Lease> {
  const [job] = (await worker.claim(1, waitMs)).body.jobs;
  if (job === undefined) throw new Error("there was no job to claim");
  return leaseOf(job);
}

/** Resolves when it holds, asked again and again. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await pause(5);
}
