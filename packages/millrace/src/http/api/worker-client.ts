import { isMillraceError } from "../../core/errors.ts";
import type { ArtifactCaller } from "./artifact-calls.ts";
import type { Answer, Body } from "./route-types.ts";
import type { Call, CallOptions, Transport } from "./transport.ts";
import type {
  claimJobs,
  endClaims,
  enqueueUnderLease,
  readCancels,
  registerWorker,
  sendHeartbeat,
  sendLogs,
  settleJobs,
  unregisterWorker,
} from "./workers.ts";

export type ClaimBody = Body<typeof claimJobs>;
export type ClaimedJob = Answer<typeof claimJobs>["jobs"][number];
export type WireCancel = Answer<typeof readCancels>["cancels"][number];
export type HeartbeatLease = Body<typeof sendHeartbeat>["leases"][number];
export type WireOutcome = Body<typeof settleJobs>["outcomes"][number];
export type LogEntryBody = Body<typeof sendLogs>["entries"][number];
export type ChildrenBody = Body<typeof enqueueUnderLease>;

type Registration = Body<typeof registerWorker> & { readonly id: string };

/** The path from the worker's own; sent again after an outage unless it says otherwise. */
type WorkerCall = Omit<Call, "key" | "isRepeatable"> & { readonly isRepeatable?: boolean };

/** Each answer to a worker may bring its next key. */
interface Keyed {
  readonly key?: string | undefined;
}

/**
 * A worker on this side of the wire: what workers ask, with the key that the server gave last. A worker that was not heard
 * of for so long that it is gone comes up again under its id, and asks once more.
 */
export class WorkerClient {
  readonly #transport: Transport;
  readonly #registration: Registration;
  readonly #path: string;
  #key: string | undefined;
  #registering: Promise<void> | undefined;

  constructor(transport: Transport, registration: Registration) {
    this.#transport = transport;
    this.#registration = registration;
    this.#path = `/v1/workers/${encodeURIComponent(registration.id)}`;
  }

  /** Bring it up, or up again. @throws ConflictError when the id is not to be had */
  register(): Promise<void> {
    this.#registering ??= this.#register().finally(() => (this.#registering = undefined));
    return this.#registering;
  }

  /** Under an id of its own, so that one whose answer was lost has the same jobs when it is sent again. */
  async claim(asked: Omit<ClaimBody, "id">, call?: CallOptions): Promise<readonly ClaimedJob[]> {
    const body: ClaimBody = { ...asked, id: crypto.randomUUID() };
    const answer = this.#send<Answer<typeof claimJobs>>({ method: "POST", path: "/claim", body }, call);
    return (await answer).jobs;
  }

  /** Let the claims that wait be answered at once. */
  async endClaims(call?: CallOptions): Promise<void> {
    await this.#send<Answer<typeof endClaims>>({ method: "DELETE", path: "/claim" }, call);
  }

  /** Jobs of this worker that are to be cancelled; @param waitMs until there are any */
  async cancels(waitMs: number, call?: CallOptions): Promise<readonly WireCancel[]> {
    const answer = this.#send<Answer<typeof readCancels>>({ method: "GET", path: "/cancels", query: { waitMs } }, call);
    return (await answer).cancels;
  }

  async heartbeat(
    leases: readonly HeartbeatLease[],
    leaseMs: number,
  ): Promise<readonly ("held" | "lost" | "cancel" | "locked")[]> {
    const answer = this.#send<Answer<typeof sendHeartbeat>>({
      method: "POST",
      path: "/heartbeat",
      body: { leases, leaseMs },
    });
    return (await answer).leases.map(({ status }) => status);
  }

  async settle(outcomes: readonly WireOutcome[]): Promise<Answer<typeof settleJobs>> {
    return this.#send({ method: "POST", path: "/settle", body: { outcomes } });
  }

  /** Sent once: what is sent twice is written twice. */
  async logs(entries: readonly LogEntryBody[]): Promise<readonly ("kept" | "lease_lost")[]> {
    const answer = this.#send<Answer<typeof sendLogs>>({
      method: "POST",
      path: "/logs",
      body: { entries },
      isRepeatable: false,
    });
    return (await answer).statuses;
  }

  /** Enqueue from within a job; the jobs have ids, so that this may be sent again. */
  async enqueue(body: ChildrenBody, trace: string | null): Promise<Answer<typeof enqueueUnderLease, 201>> {
    return this.#send({ method: "POST", path: "/jobs", body, trace });
  }

  /** For what is asked with this worker's key elsewhere than at its own path. */
  async caller(): Promise<ArtifactCaller> {
    if (this.#key === undefined) await this.register();
    return { transport: this.#transport, ...(this.#key === undefined ? {} : { key: this.#key }) };
  }

  /** Sign off. Answers how many jobs were given back. */
  async unregister(): Promise<number> {
    const answer = this.#send<Answer<typeof unregisterWorker>>({ method: "DELETE", path: "" });
    return (await answer).released;
  }

  async #register(): Promise<void> {
    const answer = this.#transport.send<Answer<typeof registerWorker, 201>>({
      method: "POST",
      path: "/v1/workers",
      body: this.#registration,
      isRepeatable: true,
    });
    this.#key = (await answer).key;
  }

  async #send<T>(sent: WorkerCall, call?: CallOptions): Promise<T> {
    try {
      return await this.#once<T>(sent, call);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await this.register();
    return this.#once<T>(sent, call);
  }

  async #once<T>({ path, ...sent }: WorkerCall, call: CallOptions | undefined): Promise<T> {
    if (this.#key === undefined) await this.register();
    const key = this.#key === undefined ? {} : { key: this.#key };
    const full = { isRepeatable: true, ...sent, ...key, path: `${this.#path}${path}` };
    const answer = await this.#transport.send<T & Keyed>(full, call);
    if (answer.key !== undefined) this.#key = answer.key;
    return answer;
  }
}

/** Its key has run out, or the server knows of it no more. Nothing was done then. */
function isGone(error: unknown): boolean {
  return isMillraceError(error) && (error.code === "unauthenticated" || error.code === "worker_not_found");
}
