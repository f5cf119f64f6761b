import { CancelledError, LeaseLostError } from "../core/errors.ts";
import type { Clock, Random, Timer } from "../core/clock.ts";
import type { Store } from "../core/store.ts";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";
import { Loop } from "./loop.ts";

/** Trust ends this long before the lease does, for the way to the store and back. */
const MARGIN_MS = 50;
/** Cancels are looked for at every change, but not more often than this. */
const CANCEL_LOOK_MS = 50;

export interface HeartbeaterOptions {
  readonly worker: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** All attempts whose leases are held here, the prefetched ones included. */
  readonly attempts: ReadonlySet<Attempt>;
}

/**
 * Keep every lease of a worker alive, or say that it is gone.
 *
 *   claimed ──► trusted ── heartbeatMs has passed ──► renewing
 *                  ▲                                    │  │
 *                  └────────────── "held" ──────────────┘  │ "lost", or trust ran out unanswered
 *                                                          ▼
 *                       abort with LeaseLostError ◄────── gone
 *
 * Trust ends at: start of the last call that was answered "held", plus leaseMs less a margin, on this process's
 * monotonic clock. That clock can only make us stop early. Whether the lease is over is for the store to say.
 */
export class Heartbeater {
  readonly #options: HeartbeaterOptions;
  readonly #loop: Loop;
  #cancelTimer: Timer | undefined;

  constructor(options: HeartbeaterOptions) {
    this.#options = options;
    const { clock, random, heartbeatMs, logger } = options;
    this.#loop = new Loop({
      clock,
      random,
      everyMs: heartbeatMs,
      // A worker is a reason for its process to live.
      keepAlive: true,
      run: async () => {
        await this.beat();
        return undefined;
      },
      onError: (error) => logger.error({ error }, "the heartbeat broke"),
    });
  }

  /** Until when a lease can be believed that was given or prolonged by a call which began at `since`. */
  trustAfter(since: number): number {
    return since + this.#options.leaseMs - MARGIN_MS;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.cancel();
    this.#cancelTimer = undefined;
    await this.#loop.stop();
  }

  /** Somebody may have cancelled one of our jobs. */
  lookForCancels(): void {
    if (this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#options.clock.after(CANCEL_LOOK_MS, () => {
      this.#cancelTimer = undefined;
      // Asked no sooner: the claim of the very job that was cancelled may have been on its way.
      if (this.#options.attempts.size > 0) void this.#abortCancelled();
    });
  }

  async #abortCancelled(): Promise<void> {
    const { store, worker, attempts, logger } = this.#options;
    try {
      for (const { job, token, reason } of await store.cancelRequests(worker)) {
        for (const attempt of attempts) {
          if (attempt.lease.job === job && attempt.lease.token === token) attempt.abort(new CancelledError(reason));
        }
      }
    } catch (error) {
      // A store that cannot answer never means "cancelled"; the next heartbeat asks again.
      logger.warn({ error }, "cancel requests could not be read");
    }
  }

  /** Ask the store now. Whoever cannot be asked is trusted no longer than the lease that was last granted. */
  async beat(): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      this.#options.logger.warn({ error }, "the heartbeat failed");
      this.#dropUntrusted();
    }
  }

  async #renew(): Promise<void> {
    const { store, worker, leaseMs } = this.#options;
    const attempts = [...this.#options.attempts].filter((attempt) => !attempt.isGone);
    const trustedUntil = this.trustAfter(this.#options.clock.monotonic());
    const statuses = await store.heartbeat(
      worker,
      attempts.map((attempt) => attempt.lease),
      leaseMs,
    );
    let isCancelling = false;
    attempts.forEach((attempt, i) => {
      if (!this.#options.attempts.has(attempt)) return;
      const status = statuses[i];
      if (status === "lost")
        attempt.abort(new LeaseLostError("the lease ran out, and the job was given to another attempt"));
      // While a transaction of its handler's holds the ticket, nobody else can take the job.
      else if (status !== "locked" || attempt.completion === "in_transaction") attempt.trustedUntil = trustedUntil;
      isCancelling ||= status === "cancel";
    });
    this.#dropUntrusted();
    if (isCancelling) await this.#abortCancelled();
  }

  #dropUntrusted(): void {
    const now = this.#options.clock.monotonic();
    for (const attempt of this.#options.attempts) {
      if (attempt.trustedUntil > now || attempt.isGone) continue;
      attempt.abort(new LeaseLostError(`the lease could not be prolonged for ${this.#options.leaseMs} ms`));
    }
  }
}
