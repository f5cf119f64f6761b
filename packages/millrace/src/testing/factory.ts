import assert from "node:assert/strict";
import { createJobIds } from "../core/job-id.ts";
import type { JobError } from "../core/job-error.ts";
import type { Job, JobId } from "../core/job.ts";
import type { QueueChoice } from "../core/lane.ts";
import { DEFAULT_LEASE_MS, type LeaseRef } from "../core/lease.ts";
import { cancel, complete, fail, snooze } from "../core/outcome.ts";
import type { Move } from "../core/settlement.ts";
import type {
  Claim,
  EnqueueRequest,
  EnqueueResult,
  LeaseStore,
  SettleStatus,
  Store,
  WorkerRegistration,
} from "../core/store.ts";
import { afterFailure, afterOutcome, afterRelease } from "../core/transition.ts";

/** The organisation and the queue that tests mean unless they say otherwise. */
export const ORG = "acme";
export const QUEUE = "mail";

/** Ids that grow within this process, as the runtime makes them. */
export const nextJobId: () => JobId = createJobIds(Date.now, Math.random);

/** A request with nothing special about it, but for what the test is about. */
export function aRequest(change: Partial<EnqueueRequest> = {}): EnqueueRequest {
  return {
    id: nextJobId(),
    org: ORG,
    queue: QUEUE,
    kind: "mail.send",
    payload: "{}",
    priority: 0,
    delayMs: null,
    runAt: null,
    key: null,
    scope: null,
    numbered: null,
    group: null,
    tags: {},
    requires: [],
    fairKey: null,
    maxAttempts: null,
    timeoutMs: null,
    backoff: null,
    createdBy: null,
    retryOf: null,
    ...change,
  };
}

export function requests(count: number, change: Partial<EnqueueRequest> = {}): EnqueueRequest[] {
  return Array.from({ length: count }, () => aRequest(change));
}

/** Enqueues one job, which must be new, and answers it. */
export async function enqueueOne(store: Store, change: Partial<EnqueueRequest> = {}): Promise<Job> {
  const [job] = await enqueueAll(store, [aRequest(change)]);
  return job as Job;
}

/** Enqueues jobs, all of which must be new, and answers them in order. */
export async function enqueueAll(store: Store, list: readonly EnqueueRequest[]): Promise<readonly Job[]> {
  const results = await store.enqueue(list);
  assert.equal(results.length, list.length, "enqueue answers each request");
  return results.map((result) => {
    assert.equal(result.status, "created");
    return (result as { readonly job: Job }).job;
  });
}

/** The job as the store has it now; it must be there. */
export async function read(store: Store, id: JobId): Promise<Job> {
  const [job] = await store.get([id]);
  assert.ok(job, `the store knows ${id}`);
  return job;
}

/** The numbers of jobs as the store has them now. */
export async function numbersOf(store: Store, jobs: readonly { readonly id: JobId }[]): Promise<(number | null)[]> {
  return Promise.all(jobs.map(async ({ id }) => (await read(store, id)).number));
}

export function aWorker(change: Partial<WorkerRegistration> = {}): WorkerRegistration {
  return {
    id: "worker-1",
    org: ORG,
    name: "worker",
    host: null,
    pid: null,
    queues: null,
    labels: [],
    concurrency: 1_000,
    leaseMs: DEFAULT_LEASE_MS,
    ...change,
  };
}

export interface ClaimChoice {
  readonly org?: string;
  readonly worker?: string;
  /** One queue, a choice among several, or by default every queue in turn. */
  readonly queues?: string | QueueChoice;
  readonly labels?: readonly string[];
  readonly leaseMs?: number;
}

/** Registers the worker and claims up to `max` jobs for it. */
export async function claimSome(store: LeaseStore, max: number, choice: ClaimChoice = {}): Promise<readonly Claim[]> {
  const { org = ORG, worker = "worker-1", queues = { order: "turns" }, labels = [] } = choice;
  const leaseMs = choice.leaseMs ?? DEFAULT_LEASE_MS;
  await store.registerWorker(aWorker({ id: worker, org, labels, leaseMs }));
  const order: QueueChoice = typeof queues === "string" ? { order: "strict", names: [queues] } : queues;
  return store.claim({ org, worker, queues: order, labels: new Set(labels), max, leaseMs });
}

/** Claims exactly one job; that there is one to claim is part of the test. */
export async function claimOne(store: LeaseStore, choice: ClaimChoice = {}): Promise<Claim> {
  const [claim, ...more] = await claimSome(store, 1, choice);
  assert.ok(claim, "a job is there to be claimed");
  assert.equal(more.length, 0, "a claim of one answers one");
  return claim;
}

export function refOf(claim: Claim): LeaseRef {
  return { job: claim.lease.job, token: claim.lease.token };
}

/** Settles one attempt. */
export async function settleOne(store: LeaseStore, claim: Claim, move: Move): Promise<SettleStatus> {
  const [status, ...more] = await store.settle([{ ...refOf(claim), move }]);
  assert.ok(status, "settle answers each settlement");
  assert.equal(more.length, 0);
  return status;
}

/** An attempt in the middle of its limits, for moves that do not depend on it. */
const SOME_ATTEMPT = { attempt: 1, maxAttempts: 3 };

export const moves = {
  complete: (result: Parameters<typeof complete>[0] = null): Move => afterOutcome(SOME_ATTEMPT, complete(result)),
  fail: (reason = "refused"): Move => afterOutcome(SOME_ATTEMPT, fail(reason)),
  cancel: (reason?: string): Move => afterOutcome(SOME_ATTEMPT, cancel(reason)),
  snooze: (delayMs: number): Move => afterOutcome(SOME_ATTEMPT, snooze(delayMs)),
  retry: (delayMs: number, message = "it broke"): Move =>
    afterFailure(SOME_ATTEMPT, anError({ message }), () => delayMs),
  release: (): Move => afterRelease(),
} as const;

export function anError(change: Partial<JobError> = {}): JobError {
  return { name: "Error", message: "it broke", permanent: false, attempt: 1, ...change };
}

/** The job that an answer names, if it names one. */
export function writtenJob(result: EnqueueResult): Job | null {
  return "job" in result ? result.job : null;
}
