import { setTimeout as sleep } from "node:timers/promises";
import { isMillraceError, type JobId } from "millrace";
import type { Claim, ClaimRequest, SettleStatus, Store } from "../../src/core/store.ts";
import { openStore } from "../../src/open-store.ts";
import { aWorker, moves, refOf, settleOne } from "../../src/testing/factory.ts";
import { openAt } from "../process/open-at.ts";
import type { Party } from "./party.ts";

export const HERE = import.meta.url;

export const LINES = ["live", "default", "batch"] as const;
export const SCOPE = "jobs";

export interface LineJob {
  readonly queue: (typeof LINES)[number];
  readonly priority?: number;
  readonly requires?: readonly string[];
}

/** Who claims, below the runtime: on the store, or with the owner's key at a server. */
export interface Claiming {
  readonly key: string | null;
  readonly labels?: readonly string[];
  readonly leaseMs?: number;
}

/** Enqueue one after the other; answers their numbers. */
export async function enqueueAll({ mill }: Party, jobs: readonly LineJob[]): Promise<readonly (number | null)[]> {
  const numbers: (number | null)[] = [];
  for (const job of jobs) numbers.push((await mill.enqueue("transcode", null, { ...job, scope: SCOPE })).number);
  return numbers;
}

/** Register with one slot and claim once; answers the number of what was claimed, and goes on holding it. */
export async function claimOnce(party: Party, who: Claiming): Promise<number | null> {
  const { store, request } = await registered(party, who);
  const [claim] = await store.claim(request);
  return claim?.job.number ?? null;
}

/** Claim and complete, one after the other, as many as there are, or so many; answers the numbers in that order. */
export async function workOff(
  party: Party,
  { most = Infinity, ...who }: Claiming & { readonly most?: number },
): Promise<readonly (number | null)[]> {
  const { store, request } = await registered(party, who);
  const numbers: (number | null)[] = [];
  while (numbers.length < most) {
    const [claim] = await store.claim(request);
    if (claim === undefined) break;
    const status = await settleOne(store, claim, moves.complete({ by: party.index }));
    if (status !== "settled") throw new Error(`the completion of #${claim.job.number} is ${status}`);
    numbers.push(claim.job.number);
  }
  return numbers;
}

/** What this process holds between two acts. */
let held: { readonly store: Store; readonly claims: readonly Claim[] } | undefined;

/** Claim as many as there are, and go on holding them for who completes them; answers when the first lease is over. */
export async function hold(party: Party, { count, ...who }: Claiming & { readonly count: number }): Promise<number> {
  const { store, request } = await registered(party, who);
  const claims = await store.claim({ ...request, max: count });
  if (claims.length !== count) throw new Error(`${claims.length} jobs were claimed, not ${count}`);
  held = { store, claims };
  return Math.min(...claims.map(({ lease }) => lease.expiresAt.getTime()));
}

/** A part in a race for jobs, around the moment at which their leases run out. */
export interface Part {
  readonly does: "complete" | "cancel" | "expire";
  readonly ids: readonly JobId[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How far around that moment, in milliseconds. */
const SPREAD_MS = 20;

/** Do it to all of the jobs, to each at a moment of its own; answers what was said to each call about each job. */
export async function race(party: Party, { does, ids, at }: Part): Promise<readonly (readonly string[])[]> {
  const act = await actOf(party, does);
  const said = await Promise.all(
    ids.map(async (id) => {
      await until(at + (2 * party.chance() - 1) * SPREAD_MS);
      return act(id);
    }),
  );
  await until(at + SPREAD_MS);
  return said;
}

async function until(time: number): Promise<void> {
  await sleep(Math.max(0, time - Date.now()));
}

async function actOf(party: Party, does: Part["does"]): Promise<(id: JobId) => Promise<readonly string[]>> {
  if (does === "complete") return completeTwice;
  if (does === "cancel") return async (id) => [await cancelled(party, id)];
  const store = await openAt(party.store);
  party.atEnd(() => store.close());
  return async () => {
    await store.rescue(100);
    return [];
  };
}

/** As one whose first answer was lost. */
async function completeTwice(id: JobId): Promise<readonly SettleStatus[]> {
  const claim = held?.claims.find(({ job }) => job.id === id);
  if (held === undefined || claim === undefined) throw new Error(`${id} is not held here`);
  const settlement = { ...refOf(claim), move: moves.complete({ token: claim.lease.token }) };
  const first = await held.store.settle([settlement]);
  return [...first, ...(await held.store.settle([settlement]))];
}

async function cancelled({ mill }: Party, id: JobId): Promise<string> {
  try {
    return (await mill.cancel(id, { reason: "a race" })).state;
  } catch (error) {
    if (isMillraceError(error) && error.code === "state_conflict") return error.code;
    throw error;
  }
}

async function registered(
  { url, index, atEnd }: Party,
  { key, labels = [], leaseMs = 30_000 }: Claiming,
): Promise<{ readonly store: Store; readonly request: ClaimRequest }> {
  const store = await openStore(url, key === null ? {} : { key });
  atEnd(() => store.close());
  const [worker, org] = [`worker-${index}`, "default"];
  const queues = { order: "strict", names: LINES } as const;
  await store.registerWorker(aWorker({ id: worker, org, labels, leaseMs, queues: LINES, concurrency: 100 }));
  return { store, request: { org, worker, queues, labels: new Set(labels), max: 1, leaseMs } };
}
