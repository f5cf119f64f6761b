import type { Companion } from "../../core/companion.ts";
import { ConflictError, InputError, isMillraceError } from "../../core/errors.ts";
import { isJobId, type Job, type JobId } from "../../core/job.ts";
import type { EnqueueRequest, EnqueueResult, EnqueueTerms } from "../../core/store.ts";
import type { Secrets } from "../../core/secrets.ts";
import type { NewJob, WireJob } from "../../http/api/client.ts";
import { inPortions, MOST_AT_ONCE } from "./portions.ts";
import type { Server } from "./server.ts";
import { jobOf } from "./wire-job.ts";
import type { Workers } from "./workers.ts";

interface Enqueued {
  readonly jobs: readonly WireJob[];
  readonly statuses: readonly ("created" | "existing")[];
}

/** As `Store.enqueue`. All requests have ids, so what got no answer is sent again. */
export class Enqueues {
  readonly #server: Server;
  readonly #workers: Workers;

  constructor(server: Server, workers: Workers) {
    this.#server = server;
    this.#workers = workers;
  }

  async enqueue(
    requests: readonly EnqueueRequest[],
    { under, isAllOrNone = false }: EnqueueTerms = {},
  ): Promise<readonly EnqueueResult[]> {
    if (under !== undefined) {
      const { client } = this.#workers.holderOf(under) ?? {};
      if (client === undefined) return requests.map(() => ({ status: "lost" }));
      return this.#orLost(requests, () =>
        this.#together(requests, () => client.enqueue({ under, jobs: requests.map(newJobOf) }, traceOf(requests[0]))),
      );
    }
    if (isAllOrNone) return this.#together(requests, () => this.#send(requests));
    return inPortions(
      requests,
      ({ payload }) => payload.length,
      (portion) => this.#apart(portion),
    );
  }

  /** All or none: what stands in the way of one withholds the others. */
  async #together(
    requests: readonly EnqueueRequest[],
    send: () => Promise<Enqueued>,
  ): Promise<readonly EnqueueResult[]> {
    if (requests.length > MOST_AT_ONCE) {
      const message = `over HTTP, at most ${MOST_AT_ONCE} jobs are enqueued together; got ${requests.length}`;
      throw new InputError("request_invalid", message);
    }
    try {
      return resultsOf(await send());
    } catch (error) {
      if (isAmongThem(error)) return requests.map((_, i) => amongThem(requests, i));
      const inTheWay = await this.#jobInTheWay(error);
      return requests.map(({ key, kind }) =>
        key === inTheWay.key && kind === inTheWay.kind
          ? { status: "duplicate", job: inTheWay }
          : { status: "withheld" },
      );
    }
  }

  /** Each for itself: those of one trace go together, and when one of them is refused the others are found by halves. */
  async #apart(requests: readonly EnqueueRequest[]): Promise<readonly EnqueueResult[]> {
    const [only] = requests;
    if (only === undefined) return [];
    if (only.retryOf !== null)
      return [await this.#retry(only, only.retryOf), ...(await this.#apart(requests.slice(1)))];
    const trace = traceOf(only);
    const end = requests.findIndex((request) => request.retryOf !== null || traceOf(request) !== trace);
    if (end > 0) return [...(await this.#apart(requests.slice(0, end))), ...(await this.#apart(requests.slice(end)))];
    try {
      return resultsOf(await this.#send(requests));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (requests.length === 1) return [{ status: "duplicate", job: await this.#jobInTheWay(error) }];
    }
    const half = Math.ceil(requests.length / 2);
    return [...(await this.#apart(requests.slice(0, half))), ...(await this.#apart(requests.slice(half)))];
  }

  async #retry({ id, companion }: EnqueueRequest, retryOf: JobId): Promise<EnqueueResult> {
    const path = `/v1/jobs/${encodeURIComponent(retryOf)}/retry`;
    const body = { id, ...secretsOf(companion) };
    const call = { method: "POST", path, body, isRepeatable: true, trace: companion?.trace ?? null } as const;
    return { status: "created", job: jobOf(await this.#server.transport.send<WireJob>(call)) };
  }

  /** Those of one trace. */
  #send(requests: readonly EnqueueRequest[]): Promise<Enqueued> {
    const body = { jobs: requests.map(newJobOf) };
    const facts = { trace: traceOf(requests[0]), sentMsAgo: requests[0]?.sentMsAgo };
    return this.#server.transport.send({ method: "POST", path: "/v1/jobs/batch", body, isRepeatable: true, ...facts });
  }

  async #orLost(
    requests: readonly EnqueueRequest[],
    enqueue: () => Promise<readonly EnqueueResult[]>,
  ): Promise<readonly EnqueueResult[]> {
    try {
      return await enqueue();
    } catch (error) {
      if (isMillraceError(error) && error.code === "lease_lost") return requests.map(() => ({ status: "lost" }));
      throw error;
    }
  }

  /** The live job with the key. @throws the error itself, where it is about something else or the job is not to be seen */
  async #jobInTheWay(error: unknown): Promise<Job> {
    if (!(error instanceof ConflictError) || error.code !== "duplicate_job") throw error;
    const { job: id } = error.details;
    if (typeof id !== "string" || !isJobId(id)) throw error;
    try {
      const job = await this.#server.client.get(id);
      if (job !== null) return jobOf(job);
    } catch {
      // It is somebody else's.
    }
    throw error;
  }
}

function resultsOf({ jobs, statuses }: Enqueued): readonly EnqueueResult[] {
  return jobs.map((job, i) => ({ status: statuses[i] ?? "created", job: jobOf(job) }));
}

/** What is `null` falls to the queue's settings, as when it is left out; whoever's key it is, is the creator. */
export function newJobOf(request: Omit<EnqueueRequest, "id">): NewJob {
  const {
    org: _org,
    createdBy: _createdBy,
    retryOf: _retryOf,
    sentMsAgo: _,
    companion,
    payload,
    runAt,
    ...rest
  } = request;
  const given = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    ...(Object.fromEntries(given) as unknown as NewJob),
    payload: JSON.parse(payload) as unknown,
    // A time wins over a delay, and the server takes one of them.
    ...(runAt === null ? {} : { runAt: runAt.toISOString(), delayMs: undefined }),
    ...secretsOf(companion),
  };
}

function traceOf(request: EnqueueRequest | undefined): string | null {
  return request?.companion?.trace ?? null;
}

/** As they were given: the server seals them. */
function secretsOf(companion: Companion | undefined): { readonly secrets?: Secrets } {
  const sealed = companion?.sealed ?? null;
  return sealed === null ? {} : { secrets: JSON.parse(sealed) as Secrets };
}

/** Two of the call have one key, and different payloads; there is no job that could be named. */
function isAmongThem(error: unknown): boolean {
  return error instanceof ConflictError && error.code === "duplicate_job" && error.details["job"] === undefined;
}

function amongThem(requests: readonly EnqueueRequest[], at: number): EnqueueResult {
  const second = requests[at];
  const isSecond = requests
    .slice(0, at)
    .some((first) => first.key !== null && first.key === second?.key && first.kind === second.kind);
  return isSecond ? { status: "duplicate", job: null } : { status: "withheld" };
}
