import type { Clock, Random } from "../core/clock.ts";
import { isMillraceError, type MillraceError } from "../core/errors.ts";
import { createJobIds } from "../core/job-id.ts";
import type { JobId } from "../core/job.ts";
import type { EnqueueRequest, EnqueueResult, Store } from "../core/store.ts";
import { Coalescer } from "./coalescer.ts";
import { EventReads } from "./event-reads.ts";
import type { Logger } from "./logger.ts";
import type { Tracing } from "./tracing.ts";
import { Upkeep } from "./upkeep.ts";
import type { Vault } from "./vault.ts";
import { Waiters } from "./waiters.ts";

export interface KernelOptions {
  readonly store: Store;
  readonly org: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For `workers()`: where this process runs. */
  readonly host: string | null;
  readonly pid: number | null;
  /** Without one, there are no secrets. */
  readonly vault?: Vault | undefined;
  /** Told of what goes on, where somebody records it. */
  readonly tracing?: Tracing | undefined;
}

/** What the client and the workers of one process share: the store, the clock, and the loops that serve them all. */
export class Kernel {
  readonly store: Store;
  readonly org: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly host: string | null;
  readonly pid: number | null;
  readonly vault: Vault | undefined;
  readonly #tracing: Tracing | undefined;
  readonly newId: () => JobId;
  readonly waiters: Waiters;
  readonly upkeep: Upkeep;
  readonly eventReads: EventReads;
  readonly enqueues: Coalescer<EnqueueRequest, EnqueueResult>;
  readonly #options: KernelOptions;
  readonly #closing: AbortController;

  /** @param shared the kernel of another organisation on the same store, with whose loops this one works */
  constructor(options: KernelOptions, shared?: Kernel) {
    const { store, org, clock, random, logger, host, pid, vault, tracing } = options;
    this.store = store;
    this.org = org;
    this.clock = clock;
    this.random = random;
    this.logger = logger;
    this.host = host;
    this.pid = pid;
    this.vault = vault;
    this.#tracing = tracing;
    this.newId = createJobIds(() => clock.now(), random);
    this.#options = options;
    this.#closing = shared === undefined ? new AbortController() : shared.#closing;
    this.waiters =
      shared?.waiters ??
      new Waiters(store, { clock, random }, (error) => logger.warn({ error }, "ended jobs could not be read"));
    this.upkeep = shared?.upkeep ?? new Upkeep(store, { clock, random }, this.newId, logger);
    this.eventReads = shared?.eventReads ?? new EventReads(store, clock);
    this.enqueues = shared?.enqueues ?? new Coalescer((requests) => store.enqueue(requests), isOutage, clock);
  }

  /** The same for another organisation. */
  forOrg(org: string): Kernel {
    return new Kernel({ ...this.#options, org }, this);
  }

  /** `undefined` where nobody records. */
  get tracing(): Tracing | undefined {
    return this.#tracing?.isOn === true ? this.#tracing : undefined;
  }

  /** Fires when the client is closed; whoever waits for something lets go. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    // Who enqueued in this very turn was not refused, and so is served.
    this.enqueues.flush();
    this.#closing.abort();
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve, { keepAlive: true }));
  }

  /** Whether a job of these kinds and queues has run before and waits for its next attempt. */
  async hasRetries(kinds: readonly string[], queues: readonly string[] | null): Promise<boolean> {
    let cursor: string | null = null;
    do {
      const page = await this.store.list({ org: this.org, state: "scheduled" }, { limit: 500, cursor });
      const isRetry = page.jobs.some(
        (job) => job.startedAt !== null && kinds.includes(job.kind) && (queues === null || queues.includes(job.queue)),
      );
      if (isRetry) return true;
      cursor = page.nextCursor;
    } while (cursor !== null);
    return false;
  }
}

/** An error that says nothing about the single call it came with. */
function isOutage(error: unknown): error is MillraceError {
  return isMillraceError(error) && error.retryable;
}
