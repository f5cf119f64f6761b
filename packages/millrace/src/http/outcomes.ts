import { backoffDelay } from "../core/backoff.ts";
import { isJobId, type Job, type JobId } from "../core/job.ts";
import type { JobError } from "../core/job-error.ts";
import type { JsonValue } from "../core/json.ts";
import type { LeaseRef } from "../core/lease.ts";
import { cancel, complete, snooze } from "../core/outcome.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../core/queue.ts";
import type { Move, Settlement } from "../core/settlement.ts";
import { afterFailure, afterOutcome, afterRelease } from "../core/transition.ts";
import type { Kernel } from "../runtime/kernel.ts";
import type { OutcomeBody } from "./api/workers.ts";
import { Remembered } from "./remembered.ts";

const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 4_096;
/** A change of a queue's backoff holds this late for attempts that fail. */
const REMEMBER_MS = 1_000;

/** Who writes, and for whom. */
interface Holder {
  readonly org: string;
  readonly worker: string;
}

/** A lease as it came over the wire. */
interface SaidLease {
  readonly job: string;
  readonly token: number;
}

/** Finds out which leases are a worker's own, and what becomes of their jobs by what the worker says. */
export class Outcomes {
  readonly #kernel: Kernel;
  readonly #settings: Remembered<ReadonlyMap<string, QueueSettings>>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const read = async (org: string): Promise<ReadonlyMap<string, QueueSettings>> =>
      new Map((await kernel.store.queues(org)).map(({ name, settings }) => [name, settings]));
    this.#settings = new Remembered(read, () => kernel.clock.monotonic(), REMEMBER_MS);
  }

  /**
   * The leases that this worker was given, `undefined` for any other. Whether they are good still is for the store to
   * say; it knows a lease by job and token and does not ask who sends it.
   */
  async ownLeases(holder: Holder, leases: readonly SaidLease[]): Promise<readonly (LeaseRef | undefined)[]> {
    const jobs = await this.#jobs(leases);
    return Promise.all(
      leases.map(async ({ job: id, token }) => {
        const job = jobs.get(id);
        const attempt = job === undefined ? undefined : await this.#attemptOf(holder, job, token, false);
        return job === undefined || attempt === undefined ? undefined : { job: job.id, token };
      }),
    );
  }

  /** What is to be written for each, `undefined` for a lease of somebody else. @throws InputError for an unfit result */
  async settlements(holder: Holder, outcomes: readonly OutcomeBody[]): Promise<readonly (Settlement | undefined)[]> {
    const jobs = await this.#jobs(outcomes);
    return Promise.all(
      outcomes.map(async (said) => {
        const job = jobs.get(said.job);
        if (job === undefined) return undefined;
        const attempt = await this.#attemptOf(holder, job, said.token, said.outcome === "fail");
        if (attempt === undefined) return undefined;
        return { job: job.id, token: said.token, move: await this.#move(job, attempt, said) };
      }),
    );
  }

  async #jobs(leases: readonly SaidLease[]): Promise<ReadonlyMap<string, Job>> {
    const ids = new Set<JobId>();
    for (const { job } of leases) if (isJobId(job)) ids.add(job);
    const jobs = await this.#kernel.store.get([...ids]);
    return new Map(jobs.filter((job) => job !== null).map((job) => [job.id, job]));
  }

  /**
   * Which attempt it was for which the token was given, `undefined` if not to this worker.
   * @param isExact whether it must be that number, also when the job has come to another attempt since
   */
  async #attemptOf({ org, worker }: Holder, job: Job, token: number, isExact: boolean): Promise<number | undefined> {
    if (job.org !== org) return undefined;
    const isLast = job.worker === worker;
    if (isLast && (!isExact || job.attempt === 1)) return job.attempt;
    const record = (await this.#kernel.store.attempts(job.id)).find((each) => each.token === token);
    if (record !== undefined) return record.worker === worker ? record.attempt : undefined;
    return isLast ? job.attempt : undefined;
  }

  async #move({ org, queue, backoff, maxAttempts }: Job, attempt: number, said: OutcomeBody): Promise<Move> {
    const ended = { attempt, maxAttempts };
    switch (said.outcome) {
      case "complete":
        return afterOutcome(ended, complete(said.result as JsonValue));
      case "snooze":
        return afterOutcome(ended, snooze(said.delayMs));
      case "release":
        return afterRelease();
      case "cancel":
        return afterOutcome(ended, cancel(said.reason));
      case "fail": {
        const { delayMs } = said;
        if (delayMs !== undefined) return afterFailure(ended, errorOf(said, attempt), () => delayMs);
        const policy = backoff ?? (await this.#settings.get(org)).get(queue)?.backoff ?? DEFAULT_QUEUE_SETTINGS.backoff;
        return afterFailure(ended, errorOf(said, attempt), () => backoffDelay(policy, attempt, this.#kernel.random));
      }
    }
  }
}

/** What a worker said of a failure: cut to a size, and never more than it said. */
function errorOf({ error, permanent = false }: OutcomeBody & { readonly outcome: "fail" }, attempt: number): JobError {
  const { name = "Error", message } =
    typeof error === "object" ? error : { message: error ?? "the worker said no more" };
  return { name: name.slice(0, MAX_NAME_LENGTH), message: message.slice(0, MAX_MESSAGE_LENGTH), permanent, attempt };
}
