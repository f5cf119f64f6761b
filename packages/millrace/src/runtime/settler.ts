import { isMillraceError } from "../core/errors.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Settlement } from "../core/settlement.ts";
import type { SettleStatus, Store } from "../core/store.ts";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";
import type { Reporter } from "./reporter.ts";

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 2_000;

interface Pending {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
  readonly resolve: (status: SettleStatus) => void;
}

/**
 * Writes outcomes, those of one turn together, and again until the store has answered: an outcome is never dropped
 * because of an outage. Sending one twice is safe, the store knows it by its token. Once the client is closed there is no
 * store to answer: what has not been written by then is given up, and its lease runs out.
 */
export class Settler {
  readonly #store: Store;
  readonly #reporter: Reporter;
  readonly #timing: { readonly clock: Clock; readonly random: Random };
  readonly #logger: Logger;
  readonly #closing: AbortSignal;
  #pending: Pending[] = [];
  #isFailing = false;

  constructor(
    store: Store,
    reporter: Reporter,
    timing: { readonly clock: Clock; readonly random: Random },
    logger: Logger,
    closing: AbortSignal,
  ) {
    this.#store = store;
    this.#reporter = reporter;
    this.#timing = timing;
    this.#logger = logger;
    this.#closing = closing;
  }

  /** True while the store does not take outcomes; claiming more would pile them up. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  settle(attempt: Attempt, settlement: Settlement): Promise<SettleStatus> {
    return new Promise((resolve) => {
      this.#pending.push({ attempt, settlement, resolve });
      if (this.#pending.length === 1) this.#timing.clock.nextTurn(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    await this.#send(batch);
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      try {
        // What was said last comes first: the token dies with the settlement.
        const talkative = batch.map((each) => each.attempt).filter((attempt) => this.#reporter.has(attempt));
        if (talkative.length > 0) await this.#reporter.flush(talkative);
        const statuses = await this.#store.settle(batch.map((each) => each.settlement));
        this.#isFailing = false;
        batch.forEach((each, i) => each.resolve(statuses[i] ?? "lost"));
        return;
      } catch (error) {
        if (!isMillraceError(error) || !error.retryable) return this.#oneByOne(batch, error);
        this.#isFailing = true;
        this.#logger.warn({ error, count: batch.length }, "outcomes could not be written; trying again");
      }
      await this.#pause(delayMs);
      if (this.#closing.aborted) return this.#giveUp(batch);
      // The next worker owns these by now; writing them would only be refused.
      const live = batch.filter((each) => !each.attempt.isGone);
      for (const each of batch) if (each.attempt.isGone) each.resolve("lost");
      if (live.length === 0) {
        this.#isFailing = false;
        return;
      }
      batch = live;
    }
  }

  #giveUp(batch: readonly Pending[]): void {
    this.#logger.warn({ count: batch.length }, "outcomes were not written before the client was closed");
    for (const each of batch) each.resolve("lost");
  }

  /** One outcome the store will not take must not keep the others from being written. */
  async #oneByOne(batch: readonly Pending[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#logger.error({ error, job: only.settlement.job }, "an outcome was refused; its lease will run out");
      only.resolve("lost");
      return;
    }
    for (const each of batch) await this.#send([each]);
  }

  #pause(ms: number): Promise<void> {
    const { clock, random } = this.#timing;
    return new Promise((resolve) => void clock.after(ms * (0.5 + random() / 2), resolve, { keepAlive: true }));
  }
}
