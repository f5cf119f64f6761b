import { ConflictError, InputError, LeaseLostError, OptionsError } from "../core/errors.ts";
import type { Job, JobId } from "../core/job.ts";
import { checkPayload, type JobDefinition } from "../core/kind.ts";
import type { LeaseRef } from "../core/lease.ts";
import { refuseRequest, show, unknownKeys } from "../core/options.ts";
import type { Secrets } from "../core/secrets.ts";
import type { EnqueueRequest, EnqueueResult, EnqueueTerms, MaybePromise, Store } from "../core/store.ts";
import { toRequest, toRetry, type EnqueueOptions, type RetryOptions } from "./enqueue-options.ts";
import type { Kernel } from "./kernel.ts";
import { sealSecrets } from "./sealed-secrets.ts";

type Kind = string | JobDefinition;

/** One of `enqueueMany`: a kind or a definition, its payload, its options. */
export type EnqueueItem = ({ readonly kind: string } | { readonly definition: JobDefinition }) & {
  readonly payload?: unknown;
  readonly options?: Omit<EnqueueOptions, "tx">;
};

/** A job that was asked for, and whether it has been made for it or was there. */
export interface Added {
  readonly job: Job;
  readonly isNew: boolean;
}

/**
 * Turns what callers say into requests, and sends them: single ones together with all others of the same turn, those
 * with a transaction of the caller through that transaction, those of a handler under its lease.
 */
export class Enqueuer {
  readonly #kernel: Kernel;
  readonly #under: LeaseRef | undefined;

  constructor(kernel: Kernel, under: LeaseRef | undefined) {
    this.#kernel = kernel;
    this.#under = under;
  }

  /**
   * The request that a kind, a payload and options make; a promise where the schema is asynchronous.
   * @param id a new one unless given
   */
  request(
    kind: Kind,
    payload: unknown,
    options: EnqueueOptions,
    id: JobId = this.#kernel.newId(),
  ): MaybePromise<EnqueueRequest> {
    const definition = typeof kind === "object" && kind !== null ? kind : undefined;
    const { org } = this.#kernel;
    const facts = { id, org, kind: definition?.kind ?? (kind as string), definition };
    // A schema may change what it is given. What was given is what is stored, so that the worker's check sees the same.
    const checked = definition === undefined ? undefined : checkPayload(definition, payload);
    const make = (): EnqueueRequest => this.#withSecrets(toRequest(facts, payload, options), options?.secrets);
    return checked instanceof Promise ? checked.then(make) : make();
  }

  /** The request for a new job like one that has ended. @throws InputError for secrets without a key */
  retryOf(job: Job, { by, secrets }: RetryOptions, id: JobId = this.#kernel.newId()): EnqueueRequest {
    return this.#withSecrets(toRetry(id, job, by), secrets);
  }

  /** The request with secrets that have been checked; the same when there are none. @throws InputError without a key */
  #withSecrets(request: EnqueueRequest, secrets: Secrets | undefined): EnqueueRequest {
    if (secrets === undefined || Object.keys(secrets).length === 0) return request;
    return { ...request, companion: { sealed: sealSecrets(this.#kernel.vault, request, secrets), trace: null } };
  }

  async enqueue(kind: Kind, payload: unknown, options: EnqueueOptions): Promise<Job> {
    return this.#inSpan(kind, options, 1, async () => this.send(await this.request(kind, payload, options)));
  }

  async send(request: EnqueueRequest): Promise<Job> {
    return (await this.add(request)).job;
  }

  /** As `send`, and whether the job is new. */
  async add(untraced: EnqueueRequest): Promise<Added> {
    const request = this.#traced(untraced);
    const isPlain = this.#under === undefined && request.sentMsAgo === undefined;
    if (isPlain) return addedOf(await this.#kernel.enqueues.add(request));
    return addedOf(theOnly(await this.#kernel.store.enqueue([request], this.#terms(false))));
  }

  async enqueueMany(items: readonly EnqueueItem[]): Promise<Job[]> {
    return this.#inSpanOfAll(items, async () => {
      const requests = await Promise.all(this.#requests(items).map((request) => Promise.resolve(request)));
      return (await this.addAll(requests)).map(({ job }) => job);
    });
  }

  /** All of them or none. */
  async addAll(requests: readonly EnqueueRequest[]): Promise<readonly Added[]> {
    if (requests.length === 0) return [];
    const traced = requests.map((request) => this.#traced(request));
    return allAdded(await this.#kernel.store.enqueue(traced, this.#terms(true)));
  }

  /** As `within`, for a single job. */
  oneWithin(kind: Kind, payload: unknown, { tx, ...options }: EnqueueOptions): MaybePromise<Job> {
    const item = typeof kind === "string" ? { kind, payload, options } : { definition: kind, payload, options };
    const jobs = this.within(tx, [item]);
    return jobs instanceof Promise ? jobs.then(theOnly) : theOnly(jobs);
  }

  /** Written, or thrown, when this returns, if the store's transactions are synchronous. */
  within(tx: unknown, items: readonly EnqueueItem[]): MaybePromise<Job[]> {
    return this.#inSpanOfAll(items, () => this.#writeWithin(tx, items));
  }

  #writeWithin(tx: unknown, items: readonly EnqueueItem[]): MaybePromise<Job[]> {
    const requests = this.#requests(items).map((request, i) => {
      if (request instanceof Promise) throw asyncSchema(items[i]);
      return this.#traced(request);
    });
    const results = this.#kernel.store.within(tx).enqueue(requests, this.#terms(true));
    return results instanceof Promise ? results.then(jobsOf) : jobsOf(results);
  }

  #terms(isAllOrNone: boolean): EnqueueTerms {
    return this.#under === undefined ? { isAllOrNone } : { isAllOrNone, under: this.#under };
  }

  /** The request with the trace that goes on here. */
  #traced(request: EnqueueRequest): EnqueueRequest {
    const trace = this.#kernel.tracing?.current() ?? null;
    return trace === null ? request : { ...request, companion: { sealed: request.companion?.sealed ?? null, trace } };
  }

  #inSpan<T>(kind: Kind, options: EnqueueOptions, count: number, work: () => MaybePromise<T>): MaybePromise<T> {
    const { tracing } = this.#kernel;
    if (tracing === undefined) return work();
    const definition = typeof kind === "object" && kind !== null ? kind : undefined;
    const queue = options?.queue ?? definition?.queue;
    return tracing.enqueuing({ kind: definition?.kind ?? (kind as string), queue, count }, work);
  }

  #inSpanOfAll<T>(items: readonly EnqueueItem[], work: () => MaybePromise<T>): MaybePromise<T> {
    const [first] = Array.isArray(items) ? (items as readonly EnqueueItem[]) : [];
    if (first === undefined) return work();
    return this.#inSpan("definition" in first ? first.definition : first.kind, first.options ?? {}, items.length, work);
  }

  #requests(items: readonly EnqueueItem[]): MaybePromise<EnqueueRequest>[] {
    if (!Array.isArray(items))
      throw new InputError("request_invalid", `enqueueMany() expects a list; got ${show(items)}`);
    return items.map((item: EnqueueItem, i) => {
      refuseRequest(unknownKeys(item, ["kind", "definition", "payload", "options"], `enqueueMany()[${i}]`));
      return this.request("definition" in item ? item.definition : item.kind, item.payload, item.options ?? {});
    });
  }
}

function theOnly<T>(answers: readonly T[]): T {
  const [answer] = answers;
  if (answer === undefined) throw new Error("the store answered nothing");
  return answer;
}

function jobsOf(results: readonly EnqueueResult[]): Job[] {
  return allAdded(results).map(({ job }) => job);
}

/** All of them, or the reason why none was written. */
function allAdded(results: readonly EnqueueResult[]): readonly Added[] {
  const reason = results.find((result) => result.status === "duplicate" || result.status === "lost");
  return reason === undefined ? results.map(addedOf) : [addedOf(reason)];
}

function addedOf(result: EnqueueResult): Added {
  switch (result.status) {
    case "created":
    case "existing":
      return { job: result.job, isNew: result.status === "created" };
    case "lost":
      throw new LeaseLostError("nothing was enqueued: the lease of this attempt is gone");
    case "duplicate":
      throw duplicateOf(result.job);
    case "withheld":
      throw new ConflictError("duplicate_job", "nothing was enqueued: another job of the call was a duplicate");
  }
}

function duplicateOf(job: Job | null): ConflictError {
  if (job === null) {
    return new ConflictError(
      "duplicate_job",
      "two jobs of the call have one key and different payloads; none was enqueued",
    );
  }
  const { id, key, kind } = job;
  const message = `the live job ${id} of kind "${kind}" has the key "${key}" and another payload`;
  return new ConflictError("duplicate_job", message, { job: id, key, kind });
}

function asyncSchema(item: EnqueueItem | undefined): InputError {
  const kind = item === undefined ? "" : "definition" in item ? item.definition.kind : item.kind;
  return new InputError(
    "request_invalid",
    `the schema of "${kind}" checks asynchronously; inside a transaction it must be synchronous`,
  );
}

/**
 * What a store whose transactions are synchronous answers at once.
 * @throws OptionsError where they are not, and then nothing has been written
 */
export function atOnce<T>({ capabilities }: Store, method: string, write: () => MaybePromise<T>): T {
  if (capabilities.isSynchronous) return write() as T;
  throw new OptionsError(
    `${method}(): this store's transactions are asynchronous; use ${method.replace("Sync", "")}() and await it`,
  );
}
