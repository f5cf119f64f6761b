import { explain, type Explanation } from "../core/explain.ts";
import { checkCron, nextCronTime } from "../core/cron.ts";
import { NotFoundError, OptionsError } from "../core/errors.ts";
import type { JobEvent } from "../core/event.ts";
import { isJobId, type AttemptRecord, type Job } from "../core/job.ts";
import type { JobDefinition } from "../core/kind.ts";
import type { LeaseRef } from "../core/lease.ts";
import type { LogLine } from "../core/log-line.ts";
import { countProblem, durationProblem, nameProblem, refuseRequest, show, unknownKeys } from "../core/options.ts";
import type { Queue } from "../core/queue.ts";
import type { Schedule } from "../core/schedule.ts";
import type { AuditOptions, AuditReport, Diagnosis, JobCounts, JobFilter, JobPage } from "../core/store.ts";
import type { WorkerInfo } from "../core/worker-info.ts";
import { adoptNumbers } from "./adopt-numbers.ts";
import { ByHand } from "./by-hand.ts";
import { refuseRetryOptions, type EnqueueOptions, type RetryOptions } from "./enqueue-options.ts";
import { atOnce, Enqueuer, type EnqueueItem } from "./enqueuer.ts";
import { followEvents } from "./follow-events.ts";
import { jobNotFound, requireEnded, stateConflict } from "./job-refusals.ts";
import type { Kernel } from "./kernel.ts";
import { refuseFilter, resolvePage, type PageOptions } from "./list-options.ts";
import { numberCount } from "./number-count.ts";
import { QueueHandle } from "./queue-handle.ts";
import { refuseScheduleOptions, type ScheduleOptions } from "./schedule-options.ts";
import { resolveWorkerOptions, type WorkerOptions } from "./worker-options.ts";
import { waitUntilEnded } from "./wait.ts";
import { Worker } from "./worker.ts";

/** The client: what a program holds to enqueue, look and steer. Made by `openMillrace()`. */
export class Millrace {
  readonly #kernel: Kernel;
  readonly #under: LeaseRef | undefined;
  readonly #enqueuer: Enqueuer;
  readonly #workers: Set<Worker<Millrace>>;
  readonly #close: () => Promise<void>;

  /** Use `openMillrace()`. */
  constructor(kernel: Kernel, close: () => Promise<void>, under?: LeaseRef, workers = new Set<Worker<Millrace>>()) {
    this.#kernel = kernel;
    this.#close = close;
    this.#under = under;
    this.#enqueuer = new Enqueuer(kernel, under);
    this.#workers = workers;
  }

  /** What the server is built on. @internal */
  static kernelOf(mill: Millrace): Kernel {
    return mill.#kernel;
  }

  /**
   * The same queue for another organisation: its own jobs, queues, scopes and workers. Shares this client's connections
   * and ends with it.
   */
  forOrg(org: string): Millrace {
    const { store } = this.#kernel;
    refuseRequest([
      nameProblem(org, "forOrg(): the name"),
      store.org === undefined || store.org === org
        ? undefined
        : `forOrg(): the key belongs to the organisation "${store.org}"; for "${org}", open the server with a key of it`,
    ]);
    return new Millrace(this.#kernel.forOrg(org), this.#close, undefined, this.#workers);
  }

  // ─── Enqueue ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Add a job. Resolves when it is on disk; with `tx`, when it is written in the caller's transaction, which decides.
   * With a synchronous transaction (better-sqlite3) it is written, or has thrown, when the call returns.
   * @throws InputError for a wrong payload or option, ConflictError `duplicate_job` when a live job has the key and
   *   another payload, LeaseLostError inside a handler whose lease is gone
   */
  enqueue<Input, Payload>(
    definition: JobDefinition<Input, Payload>,
    payload: Input,
    options?: EnqueueOptions,
  ): Promise<Job<Payload>>;
  enqueue<Payload = unknown>(kind: string, payload?: Payload, options?: EnqueueOptions): Promise<Job<Payload>>;
  enqueue(kind: string | JobDefinition, payload?: unknown, options: EnqueueOptions = {}): Promise<Job> {
    if (options?.tx === undefined) return this.#enqueuer.enqueue(kind, payload, options);
    return Promise.resolve(this.#enqueuer.oneWithin(kind, payload, options));
  }

  /** As `enqueue` with `tx`, for synchronous transactions: answers the job itself. */
  enqueueSync<Input, Payload>(
    definition: JobDefinition<Input, Payload>,
    payload: Input,
    options: EnqueueOptions & { readonly tx: unknown },
  ): Job<Payload>;
  enqueueSync<Payload = unknown>(
    kind: string,
    payload: Payload,
    options: EnqueueOptions & { readonly tx: unknown },
  ): Job<Payload>;
  enqueueSync(kind: string | JobDefinition, payload: unknown, options: EnqueueOptions & { readonly tx: unknown }): Job {
    return atOnce(this.#kernel.store, "enqueueSync", () => this.#enqueuer.oneWithin(kind, payload, options));
  }

  /** Add jobs in one statement: all of them or none. Answers them in order. */
  enqueueMany(items: readonly EnqueueItem[], options: { readonly tx?: unknown } = {}): Promise<Job[]> {
    if (options.tx === undefined) return this.#enqueuer.enqueueMany(items);
    return Promise.resolve(this.#enqueuer.within(options.tx, items));
  }

  // ─── Look ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The job, or `null` when there is none. */
  async get(id: string): Promise<Job | null> {
    if (!isJobId(id)) return null;
    const [job] = await this.#kernel.store.get([id]);
    return job === undefined || job === null || job.org !== this.#kernel.org ? null : job;
  }

  /** The job with this number, or `null`. */
  async find(place: { readonly scope: string; readonly number: number }): Promise<Job | null> {
    refuseRequest([nameProblem(place.scope, "find(): scope"), countProblem(place.number, "find(): number")]);
    return this.#kernel.store.findByNumber(this.#kernel.org, place.scope, place.number);
  }

  /** Jobs, newest first. @param page `limit` 1 to 1000, 50 unless given; `cursor` from the page before */
  async list(filter: Omit<JobFilter, "org"> = {}, page: PageOptions = {}): Promise<JobPage> {
    refuseFilter(filter, "list()");
    return this.#kernel.store.list({ ...filter, org: this.#kernel.org }, resolvePage(page));
  }

  async counts(filter: Omit<JobFilter, "org"> = {}): Promise<JobCounts> {
    refuseFilter(filter, "counts()");
    return this.#kernel.store.counts({ ...filter, org: this.#kernel.org });
  }

  /**
   * Resolves with the job when it has ended, however it ended.
   * @throws WaitTimeoutError after `timeoutMs`; the job goes on
   */
  async wait<Payload = unknown, Result = unknown>(
    id: string,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<Job<Payload, Result>> {
    refuseRequest([
      ...unknownKeys(options, ["timeoutMs"], "wait()"),
      durationProblem(options.timeoutMs, "wait(): timeoutMs"),
    ]);
    const job = await waitUntilEnded(this.#kernel, () => this.#mustGet(id), options.timeoutMs);
    return job as Job<Payload, Result>;
  }

  /** Why the job is where it is. */
  async explain(id: string): Promise<Explanation> {
    const situation = isJobId(id) ? await this.#kernel.store.explain(id) : null;
    if (situation === null || situation.job.org !== this.#kernel.org) throw jobNotFound(id);
    return explain(situation);
  }

  /** Attempts that did not end the job, oldest first. */
  async attempts(id: string): Promise<readonly AttemptRecord[]> {
    return this.#kernel.store.attempts((await this.#mustGet(id)).id);
  }

  /** Lines of the job's log with a sequence above `after`. @param page `limit` 1000 unless given */
  async logs(id: string, page: { readonly after?: number; readonly limit?: number } = {}): Promise<readonly LogLine[]> {
    refuseRequest([countProblem(page.after, "logs(): after", 0), countProblem(page.limit, "logs(): limit")]);
    const job = await this.#mustGet(id);
    return this.#kernel.store.logs(job.id, { after: page.after ?? 0, limit: page.limit ?? 1_000 });
  }

  /** What happens to jobs from now on, or from a cursor on; ends when the loop over it does, or with the signal. */
  events(options: { readonly after?: string; readonly signal?: AbortSignal } = {}): AsyncIterableIterator<JobEvent> {
    refuseRequest(unknownKeys(options, ["after", "signal"], "events()"));
    return followEvents(this.#kernel, options);
  }

  // ─── Steer ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Cancel. A waiting job is cancelled when this resolves; a running one is told, and ends as cancelled within the grace
   * of its queue. Cancelling twice is fine; the first record stands.
   * @throws NotFoundError, or ConflictError `state_conflict` when it has completed or failed
   */
  async cancel(id: string, options: { readonly by?: string; readonly reason?: string } = {}): Promise<Job> {
    refuseRequest(unknownKeys(options, ["by", "reason"], "cancel()"));
    const { id: known } = await this.#mustGet(id);
    const [result] = await this.#kernel.store.cancel([
      { id: known, by: options.by ?? null, reason: options.reason ?? null },
    ]);
    if (result === undefined || result.status === "not_found") throw jobNotFound(id);
    if (result.status === "finished")
      throw stateConflict(result.job, `it is already ${result.job.state} and cannot be cancelled`);
    return result.job;
  }

  /** Make a new job like a finished one, linked by `retryOf`. @throws ConflictError when it has not ended */
  async retry(id: string, options: RetryOptions = {}): Promise<Job> {
    refuseRetryOptions(options);
    const job = await this.#mustGet(id);
    requireEnded(job);
    return this.#enqueuer.send(this.#enqueuer.retryOf(job, options));
  }

  /** For jobs that require `manual`: claim and report them as a person. @param options `name`: who that is */
  byHand(options?: { readonly name?: string }): ByHand {
    return new ByHand(this.#kernel, options);
  }

  queue(name: string): QueueHandle {
    refuseRequest([nameProblem(name, "queue(): the name")]);
    return new QueueHandle(this.#kernel.store, this.#kernel.org, name);
  }

  async queues(): Promise<readonly Queue[]> {
    return this.#kernel.store.queues(this.#kernel.org);
  }

  /** Workers that were heard of within their lease. */
  async workers(): Promise<readonly WorkerInfo[]> {
    return this.#kernel.store.workers(this.#kernel.org);
  }

  /**
   * Enqueue by a cron rule, each due time once over all processes. The same name again replaces the rule.
   * @param cron five fields, or six with seconds first
   */
  schedule<Input>(
    name: string,
    cron: string,
    definition: JobDefinition<Input, unknown>,
    payload: Input,
    options?: ScheduleOptions,
  ): Promise<void>;
  schedule(name: string, cron: string, kind: string, payload?: unknown, options?: ScheduleOptions): Promise<void>;
  async schedule(
    name: string,
    cron: string,
    kind: string | JobDefinition,
    payload?: unknown,
    options: ScheduleOptions = {},
  ): Promise<void> {
    const { timeZone = "UTC", ...enqueueOptions } = options;
    refuseScheduleOptions(name, enqueueOptions);
    checkCron(cron, timeZone);
    const { id: _, ...request } = await this.#enqueuer.request(kind, payload, enqueueOptions);
    const { store, org, clock } = this.#kernel;
    const nextAt = nextCronTime(cron, timeZone, new Date(clock.now()));
    await store.putSchedule({ org, name, cron, timeZone, kind: request.kind, payload, request, nextAt });
  }

  /** @throws NotFoundError when there is no schedule of this name */
  async unschedule(name: string): Promise<void> {
    const isRemoved = await this.#kernel.store.removeSchedule(this.#kernel.org, name);
    if (!isRemoved) throw new NotFoundError("schedule_not_found", `there is no schedule ${show(name)}`);
  }

  async schedules(): Promise<readonly Schedule[]> {
    return this.#kernel.store.schedules(this.#kernel.org);
  }

  // ─── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The next number of a scope, for a row of the caller's own: in `tx` it comes and goes with the transaction; without,
   * it is spent when this resolves, whether it is used or not. With `count`, the first of so many in a row.
   */
  number(scope: string, options: { readonly tx?: unknown; readonly count?: number } = {}): Promise<number> {
    const { store, org } = this.#kernel;
    const { tx } = options;
    if (tx !== undefined) return Promise.resolve(store.within(tx).number(org, scope, numberCount(scope, options)));
    return (async () => store.number(org, scope, numberCount(scope, options)))();
  }

  /** As `number` with `tx`, for synchronous transactions. */
  numberSync(scope: string, options: { readonly tx: unknown; readonly count?: number }): number {
    const { store, org } = this.#kernel;
    return atOnce(store, "numberSync", () => store.within(options.tx).number(org, scope, numberCount(scope, options)));
  }

  /**
   * Let a scope go on after `highest`; in `tx`, with its commit, and nobody else gets a number of the scope before that.
   * Safe to repeat. @throws ConflictError when it is further already
   */
  adoptNumbers(scope: string, highest: number, options: { readonly tx?: unknown } = {}): Promise<void> {
    return adoptNumbers(this.#kernel, scope, highest, options);
  }

  // ─── Work and upkeep ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A worker in this process; give it handlers, then `start()`. @throws OptionsError with every broken rule */
  worker(options?: WorkerOptions): Worker<Millrace> {
    const resolved = resolveWorkerOptions(options);
    const id = `worker_${this.#kernel.newId().slice("job_".length)}`;
    const worker = new Worker(this.#kernel, id, resolved, (attempt) => this.#bound(attempt.lease));
    this.#workers.add(worker);
    return worker;
  }

  #bound(lease: LeaseRef): Millrace {
    const { job, token } = lease;
    return new Millrace(this.#kernel, this.#close, { job, token }, this.#workers);
  }

  /** Bring the schema up to date; `openMillrace` has done so unless it was told not to. */
  async migrate(): Promise<void> {
    await this.#kernel.store.migrate();
  }

  /** Delete finished jobs past their retention. Answers how many. Workers do so by themselves, a little at a time. */
  async prune(): Promise<number> {
    const limit = 500;
    let total = 0;
    for (;;) {
      const { count } = await this.#kernel.store.prune(limit);
      total += count;
      if (count < limit) return total;
    }
  }

  /** Check what must hold for the data, while others work; reads only, a little at a time, for `limitMs` at most. */
  async verify(options?: AuditOptions): Promise<AuditReport> {
    return this.#kernel.store.audit(options);
  }

  /** What the store notices about its own health. */
  async diagnose(): Promise<readonly Diagnosis[]> {
    return this.#kernel.store.diagnose();
  }

  /** Stop this process's workers and close the store. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#under !== undefined)
      throw new OptionsError("close(): ctx.mill belongs to the worker; close the client you opened");
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    this.#kernel.close();
    await this.#close();
  }

  async #mustGet(id: string): Promise<Job> {
    const job = await this.get(id);
    if (job === null) throw jobNotFound(id);
    return job;
  }
}
