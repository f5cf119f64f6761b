import type { BackoffPolicy } from "../../core/backoff.ts";
import type { Companion } from "../../core/companion.ts";
import { isJobId } from "../../core/job.ts";
import type { QueueChoice } from "../../core/lane.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { Claim, ClaimRequest, WorkerRegistration } from "../../core/store.ts";
import type { Transport } from "../../http/api/transport.ts";
import { WorkerClient, type ClaimBody, type ClaimedJob } from "../../http/api/worker-client.ts";
import { CancelWatch } from "./cancel-watch.ts";
import { HeldLeases } from "./held-leases.ts";
import { MOST_AT_ONCE } from "./portions.ts";
import { jobOf } from "./wire-job.ts";

const LONGEST_WAIT_MS = 25_000;
/** Whoever claims waits for a part of the lease; the answer comes a little before. */
const WAIT_SHARE = 0.9 / 4;
/** For the answer to a claim, beyond the time that it waits. */
const ANSWER_MS = 10_000;
/** A server that is about to stop answers at once; nobody asks it again and again. */
const LEAST_WAIT_MS = 1_000;
const HURRY_EVERY_MS = 200;
const HURRY_MS = 2_000;

/** The server lets no worker hold more. */
const MOST_SLOTS = 10_000;

/** A worker of this process, which the server knows. */
export class HttpWorker {
  readonly client: WorkerClient;
  readonly leaseMs: number;
  readonly held: HeldLeases;
  readonly #cancels: CancelWatch;

  /**
   * @param onCancel is called when a job that is held is to be cancelled
   * @param held what it holds already, when it is registered anew
   */
  constructor(
    transport: Transport,
    registration: WorkerRegistration,
    onCancel: () => void,
    held: HeldLeases = new HeldLeases(),
  ) {
    const { id, name, host, pid, labels, concurrency, prefetch = 0, queues, leaseMs } = registration;
    const slots = Math.min(concurrency + prefetch, MOST_SLOTS);
    this.leaseMs = leaseMs;
    this.held = held;
    const names = queues === null ? null : [...queues];
    const about = { name, host, pid, labels: [...labels] };
    this.client = new WorkerClient(transport, { id, ...about, slots, queues: names });
    this.#cancels = new CancelWatch(this.client, () => this.held.count > 0, onCancel);
  }

  /** As `Store.claim`. What is more than one request may bring is asked for apart. */
  async claim(request: ClaimRequest, wait?: AbortSignal): Promise<readonly Claim[]> {
    const claims: Claim[] = [];
    while (claims.length < request.max) {
      const max = Math.min(request.max - claims.length, MOST_AT_ONCE);
      const found = await this.#claimOnce({ ...request, max }, claims.length === 0 ? wait : undefined).catch(
        (error: unknown) => {
          // What was claimed before it failed is there to be run.
          if (claims.length === 0) throw error;
          return [];
        },
      );
      for (const body of found) {
        const claim = claimOf(body);
        this.held.add(claim.lease, companionOf(body));
        claims.push(claim);
      }
      if (found.length < max) break;
    }
    if (claims.length > 0) this.#cancels.start();
    return claims;
  }

  /** As `Store.cancelRequests`. */
  async cancels(): Promise<readonly (LeaseRef & { readonly reason: string | null })[]> {
    const cancels = await this.client.cancels(0);
    return cancels.flatMap(({ job, ...rest }) => (isJobId(job) ? [{ job, ...rest }] : []));
  }

  /** It has signed off, or this process ends. */
  stop(): void {
    this.#cancels.stop();
  }

  async #claimOnce(request: ClaimRequest, wait: AbortSignal | undefined): Promise<readonly ClaimedJob[]> {
    const { max, leaseMs } = request;
    const body = { max, leaseMs, ...queuesOf(request.queues) };
    if (wait === undefined || wait.aborted) return this.client.claim(body, { timeoutMs: ANSWER_MS });
    const waitMs = Math.ceil(Math.min(LONGEST_WAIT_MS, leaseMs * WAIT_SHARE));
    const since = performance.now();
    // Never just broken off: the answer that is on its way may hold jobs.
    const answer = this.client.claim({ ...body, waitMs }, { timeoutMs: waitMs + ANSWER_MS });
    const hurry = new Hurry(this.client, wait);
    try {
      const jobs = await answer;
      const early = Math.min(waitMs, LEAST_WAIT_MS) - (performance.now() - since);
      if (jobs.length === 0 && early > 0 && !wait.aborted) await pause(early, wait);
      return jobs;
    } finally {
      hurry.end();
    }
  }
}

/** Once the wait is given up, tells the server so, until the claim is answered: it may not have begun to wait yet. */
class Hurry {
  readonly #client: WorkerClient;
  readonly #wait: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(client: WorkerClient, wait: AbortSignal) {
    this.#client = client;
    this.#wait = wait;
    wait.addEventListener("abort", this.#hurry, { once: true });
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#wait.removeEventListener("abort", this.#hurry);
  }

  readonly #hurry = (): void => {
    if (this.#isOver) return;
    // A server that does not hear it answers when the time is over.
    this.#client.endClaims({ timeoutMs: HURRY_MS }).catch(() => undefined);
    this.#timer = setTimeout(this.#hurry, HURRY_EVERY_MS);
  };
}

/** Secrets come with the claim, as they are; what seals them is the server's. */
function companionOf({ secrets, traceparent }: ClaimedJob): Companion | null {
  const trace = traceparent ?? null;
  if (secrets === undefined && trace === null) return null;
  return { sealed: secrets === undefined ? null : JSON.stringify(secrets), trace };
}

function claimOf({
  lease,
  ownTimeoutMs,
  queueLimits,
  secrets: _secrets,
  traceparent: _trace,
  ...body
}: ClaimedJob): Claim {
  const job = { ...jobOf(body), timeoutMs: ownTimeoutMs };
  return {
    job,
    lease: { job: job.id, token: lease.token, attempt: job.attempt, expiresAt: new Date(lease.expiresAt) },
    queue: { timeoutMs: queueLimits.timeoutMs, backoff: queueLimits.backoff as BackoffPolicy },
  };
}

function queuesOf(choice: QueueChoice): Pick<ClaimBody, "queues"> {
  if (choice.order === "turns") return {};
  return { queues: choice.order === "strict" ? [...choice.names] : Object.fromEntries(choice.weights) };
}

async function pause(ms: number, until: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      until.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    until.addEventListener("abort", end, { once: true });
  });
}
