import type { Companion } from "../core/companion.ts";
import { OptionsError, ShutdownError } from "../core/errors.ts";
import type { Handler } from "../core/handler.ts";
import type { JobError } from "../core/job-error.ts";
import type { LeaseRef } from "../core/lease.ts";
import type { JobDefinition } from "../core/kind.ts";
import { nameProblem, refuseOptions, show } from "../core/options.ts";
import type { Move } from "../core/settlement.ts";
import type { Claim } from "../core/store.ts";
import { afterRelease } from "../core/transition.ts";
import { Attempt } from "./attempt.ts";
import { Coalescer } from "./coalescer.ts";
import { Claimer } from "./claimer.ts";
import { AttemptContext } from "./context.ts";
import { Executor, type Registration } from "./executor.ts";
import { Heartbeater } from "./heartbeater.ts";
import type { Kernel } from "./kernel.ts";
import { Reporter } from "./reporter.ts";
import { Settler } from "./settler.ts";
import { namesOf, type ResolvedWorkerOptions } from "./worker-options.ts";

/** What a worker has done since it started. */
export interface WorkerStats {
  readonly claimed: number;
  readonly settled: number;
  /** Outcomes that came too late: the lease was gone, or a cancel had been accepted. */
  readonly dropped: number;
  readonly running: number;
  readonly waiting: number;
}

/**
 * Runs handlers. Made by `mill.worker()`.
 *
 *   new ── start ──► claiming ── stop ──► draining ── grace over ──► aborting ──► stopped, all leases given back
 */
export class Worker<Client> {
  readonly id: string;
  readonly #kernel: Kernel;
  readonly #options: ResolvedWorkerOptions;
  readonly #bind: (attempt: Attempt) => Client;
  readonly #registrations = new Map<string, Registration<Client>>();
  readonly #held = new Set<Attempt>();
  readonly #buffer: Attempt[] = [];
  readonly #reporter: Reporter;
  readonly #settler: Settler;
  readonly #executor: Executor<Client>;
  readonly #heartbeater: Heartbeater;
  readonly #claimer: Claimer;
  /** Asked for only where somebody records traces. */
  readonly #companions: Coalescer<LeaseRef, Companion | null>;
  readonly #counts = { claimed: 0, settled: 0, dropped: 0, running: 0 };
  readonly #beat = (): Promise<void> => this.#heartbeater.beat();
  #state: "new" | "claiming" | "draining" | "stopped" = "new";
  #stopping: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #onIdle: (() => void)[] = [];

  /** Use `mill.worker()`. */
  constructor(kernel: Kernel, id: string, options: ResolvedWorkerOptions, bind: (attempt: Attempt) => Client) {
    this.id = id;
    this.#kernel = kernel;
    this.#options = options;
    this.#bind = bind;
    const { store, clock, random, logger } = kernel;
    this.#reporter = new Reporter(store, clock, logger);
    this.#settler = new Settler(store, this.#reporter, { clock, random }, logger, kernel.closing);
    this.#executor = new Executor({ clock, random, abortGraceMs: options.abortGraceMs });
    const { leaseMs, heartbeatMs, prefetch } = options;
    this.#companions = new Coalescer(
      (leases) => store.companions(leases),
      () => true,
      clock,
    );
    this.#heartbeater = new Heartbeater({
      worker: id,
      leaseMs,
      heartbeatMs,
      store,
      clock,
      random,
      logger,
      attempts: this.#held,
    });
    this.#claimer = new Claimer({
      store,
      clock,
      random,
      prefetch,
      request: { org: kernel.org, worker: id, queues: options.queues, labels: new Set(options.labels), leaseMs },
      free: () => this.#free(),
      slots: options.concurrency + prefetch,
      take: (claims, trustedSince) => this.#take(claims, trustedSince),
      onDry: () => this.#tellIfIdle(),
      onError: (error) => logger.warn({ error, worker: id }, "the claim failed; it will be tried again"),
    });
  }

  /** What the worker does for a kind; for tests of handlers. @internal */
  static registrationOf<Client>(worker: Worker<Client>, kind: string): Registration<Client> | undefined {
    return worker.#registrations.get(kind);
  }

  get stats(): WorkerStats {
    return { ...this.#counts, waiting: this.#buffer.length };
  }

  /**
   * Say what to do for a kind. Before `start()`.
   * @throws OptionsError for a second handler of one kind, or no function
   */
  handle<Input, Payload>(kind: JobDefinition<Input, Payload>, handler: Handler<Payload, Client>): this;
  handle<Payload = unknown>(kind: string, handler: Handler<Payload, Client>): this;
  handle(kind: string | JobDefinition, handler: Handler<unknown, Client>): this;
  handle(kind: string | JobDefinition, handler: Handler<never, Client>): this {
    const definition = typeof kind === "object" && kind !== null ? kind : undefined;
    const name: unknown = definition?.kind ?? kind;
    refuseOptions([
      nameProblem(name, "handle(): the kind"),
      typeof handler === "function"
        ? undefined
        : `handle(${show(name)}): the handler must be a function; got ${show(handler)}`,
      this.#registrations.has(name as string)
        ? `handle(${show(name)}): this worker has a handler for it already`
        : undefined,
      this.#state === "new" ? undefined : `handle(${show(name)}): the worker has been started; add handlers before`,
    ]);
    this.#registrations.set(name as string, { definition, handler: handler as Handler<unknown, Client> });
    return this;
  }

  /** Kinds this worker has handlers for. */
  get kinds(): readonly string[] {
    return [...this.#registrations.keys()];
  }

  /** Register with the store and begin to claim. */
  async start(): Promise<void> {
    if (this.#state !== "new") throw new OptionsError(`start(): the worker is ${this.#state} already; make a new one`);
    this.#state = "claiming";
    const { store, org, host, pid, upkeep } = this.#kernel;
    const { name, labels, concurrency, prefetch, leaseMs, queues } = this.#options;
    try {
      await store.registerWorker({
        id: this.id,
        org,
        host,
        pid,
        labels,
        concurrency,
        prefetch,
        leaseMs,
        name: name ?? `${host ?? "unknown"}:${pid ?? 0}`,
        queues: namesOf(queues),
      });
    } catch (error) {
      this.#state = "new";
      throw error;
    }
    // Stopped meanwhile: what is begun now nobody would end.
    if (this.#state !== "claiming") return;
    this.#stopListening = store.onChange((changes, isServed) => {
      if (changes.has("ready")) this.#claimer.wake(isServed);
      if (changes.has("cancel")) this.#heartbeater.lookForCancels();
    });
    upkeep.acquire(this.#beat);
    this.#heartbeater.start();
    this.#claimer.start();
  }

  /**
   * Claim no more, let running jobs finish for `stopGraceMs`, then fire their signals, and give back what is left.
   * Safe to call twice; `force` skips the grace.
   */
  stop(options: { readonly force?: boolean } = {}): Promise<void> {
    if (options.force === true) this.#abortAll();
    return (this.#stopping ??= this.#stop(options.force === true));
  }

  /** Resolves when nothing is left that this worker could run: nothing queued, running, or waiting for a retry. */
  async drain(): Promise<void> {
    while (this.#state === "claiming") {
      if (!this.#isIdle()) await new Promise<void>((resolve) => void this.#onIdle.push(resolve));
      else if (await this.#kernel.hasRetries(this.kinds, namesOf(this.#options.queues))) await this.#kernel.pause(50);
      else if (this.#isIdle()) return;
    }
  }

  #free(): number {
    if (this.#state !== "claiming" || this.#settler.isFailing) return 0;
    return this.#options.concurrency + this.#options.prefetch - this.#counts.running - this.#buffer.length;
  }

  #take(claims: readonly Claim[], trustedSince: number): void {
    const trustedUntil = this.#heartbeater.trustAfter(trustedSince);
    this.#counts.claimed += claims.length;
    for (const claim of claims) {
      const attempt = new Attempt(claim, trustedUntil);
      this.#held.add(attempt);
      this.#buffer.push(attempt);
    }
    if (this.#state !== "claiming") this.#releaseBuffer();
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#counts.running < this.#options.concurrency) {
      const attempt = this.#buffer.shift();
      if (attempt === undefined) return;
      if (attempt.abortReason === undefined) void this.#run(attempt);
      else if (attempt.isGone) this.#drop(attempt);
      else void this.#settle(attempt, afterRelease());
    }
  }

  async #run(attempt: Attempt): Promise<void> {
    this.#counts.running += 1;
    const { store, vault } = this.#kernel;
    const registration = this.#registrations.get(attempt.job.kind);
    const { definition } = registration ?? {};
    const parts = { reporter: this.#reporter, store, vault, definition, bind: () => this.#bind(attempt) };
    const context = new AttemptContext(attempt, parts);
    if (registration === undefined) this.#warnUnknownKind(attempt);
    const move = await this.#traced(attempt, () => this.#executor.run(attempt, registration, context));
    this.#counts.running -= 1;
    if (attempt.isGone || attempt.completion === "settled") this.#drop(attempt);
    else void this.#settle(attempt, move);
    this.#startWaiting();
    this.#claimer.slotFreed();
  }

  /** Run the attempt as part of the trace in which its job was enqueued, where somebody records it. */
  async #traced(attempt: Attempt, run: () => Promise<Move>): Promise<Move> {
    const { tracing, logger } = this.#kernel;
    if (tracing === undefined) return run();
    const { job, lease } = attempt;
    const companion = await this.#companions.add(lease).catch((error: unknown) => {
      logger.warn({ error, job: job.id }, "the trace of a job could not be read; its attempt begins one of its own");
      return null;
    });
    const facts = { job, attempt: lease.attempt, worker: this.id, trace: companion?.trace ?? null };
    return tracing.attempting(facts, run);
  }

  async #settle(attempt: Attempt, move: Move): Promise<void> {
    const { job, token } = attempt.lease;
    const status = await this.#settler.settle(attempt, { job, token, move });
    // What its handler completed in a transaction of its own is settled already; this asked whether that was committed.
    if (status === "settled" || attempt.completion === "in_transaction") this.#counts.settled += 1;
    else this.#counts.dropped += 1;
    if (status === "settled" && move.to !== "ready" && move.error !== null) this.#tellFailure(attempt, move.error);
    if (status === "lost" && attempt.completion === "none") {
      this.#kernel.logger.warn(
        { job, token, worker: this.id },
        "an outcome came too late and was dropped: the lease was lost",
      );
    }
    this.#forget(attempt);
  }

  #tellFailure({ job, lease }: Attempt, error: JobError): void {
    const { id, kind, queue, maxAttempts } = job;
    const fields = { job: id, kind, queue, attempt: lease.attempt, maxAttempts, error };
    this.#kernel.logger.info(fields, "an attempt failed");
  }

  /** Nothing to write: it was settled by its handler, or belongs to somebody else now. */
  #drop(attempt: Attempt): void {
    if (attempt.completion === "settled") this.#counts.settled += 1;
    else {
      this.#counts.dropped += 1;
      const { job, token } = attempt.lease;
      this.#kernel.logger.warn(
        { job, token, worker: this.id, error: attempt.abortReason },
        "an attempt lost its lease",
      );
    }
    this.#forget(attempt);
  }

  #forget(attempt: Attempt): void {
    attempt.isOver = true;
    this.#held.delete(attempt);
    this.#reporter.forget(attempt);
    this.#tellIfIdle();
  }

  #warnUnknownKind(attempt: Attempt): void {
    const { kind, id, queue } = attempt.job;
    const handled = this.kinds;
    this.#kernel.logger.warn(
      { kind, job: id, queue, handled },
      "this worker has no handler for the kind; the job is put off",
    );
  }

  #isIdle(): boolean {
    return this.#held.size === 0 && this.#claimer.isDry;
  }

  #tellIfIdle(): void {
    if (this.#onIdle.length === 0 || !(this.#isIdle() || this.#state !== "claiming")) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #stop(isForced: boolean): Promise<void> {
    if (this.#state === "new") {
      this.#state = "stopped";
      return;
    }
    this.#state = "draining";
    this.#stopListening?.();
    await this.#claimer.stop();
    this.#releaseBuffer();
    if (!isForced) await this.#untilEmpty(this.#options.stopGraceMs);
    this.#abortAll();
    await this.#untilEmpty(this.#options.abortGraceMs + 1_000);
    await this.#heartbeater.stop();
    await this.#kernel.upkeep.release(this.#beat);
    this.#state = "stopped";
    this.#tellIfIdle();
    try {
      await this.#kernel.store.removeWorker(this.id);
    } catch (error) {
      this.#kernel.logger.warn({ error, worker: this.id }, "the worker could not sign off; its leases will run out");
    }
  }

  #releaseBuffer(): void {
    for (const attempt of this.#buffer.splice(0)) void this.#settle(attempt, afterRelease());
  }

  #abortAll(): void {
    for (const attempt of this.#held) attempt.abort(new ShutdownError("the worker is stopping"));
  }

  /** Resolves when nothing is held any more, or the time is over. */
  async #untilEmpty(limitMs: number): Promise<void> {
    const { clock } = this.#kernel;
    const deadline = clock.monotonic() + limitMs;
    while (this.#held.size > 0 && clock.monotonic() < deadline) await this.#kernel.pause(5);
  }
}
