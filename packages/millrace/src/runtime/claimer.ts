import type { Clock, Random } from "../core/clock.ts";
import type { Claim, ClaimRequest, Store } from "../core/store.ts";
import { Loop } from "./loop.ts";

/** Should a wake-up get lost, this is how late a job can start. */
const BACKSTOP_MS = 2_000;

export interface ClaimerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly request: Omit<ClaimRequest, "max">;
  /** How many more could be taken now. */
  readonly free: () => number;
  /** How many could be taken if nothing ran. */
  readonly slots: number;
  /** Jobs claimed ahead; they are fetched again when half of them are used up, so that claims stay large. */
  readonly prefetch: number;
  /** @param trustedSince when the call began, on the monotonic clock */
  readonly take: (claims: readonly Claim[], trustedSince: number) => void;
  readonly onDry: () => void;
  readonly onError: (error: unknown) => void;
}

/** With fewer slots than this, claims of half of them would be too small to be worth their way. */
const LEAST_SHARED_SLOTS = 64;

/**
 * Claims at most the free slots. When there is nothing, the claim waits inside the store, which can then write and
 * claim a job in one go; wake-ups and, behind them, the poll end the wait.
 *
 *   parked ── wake or poll ──► claiming ── as many as asked ──► fed ── slots free again ──► claiming
 *     ▲  └─── tickets ───► fed     │
 *     └────── fewer than asked ────┘
 *
 * Where the store works beside this process, two claims of half the slots each are under way in turns while there is
 * plenty: the jobs of one run while the other is fetched.
 */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #loop: Loop;
  /** Claims beside the first, while there is plenty. It never waits for tickets. */
  readonly #beside: Loop | undefined;
  readonly #most: number;
  /** Slots that claims under way have asked to fill. */
  #asked = 0;
  #isDry = false;
  #wakeCount = 0;
  #isQueued = false;
  #isStopped = false;
  #parked: AbortController | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    const { clock, random, onError, store, slots } = options;
    const isShared = !store.capabilities.isSynchronous && slots >= LEAST_SHARED_SLOTS;
    this.#most = isShared ? Math.ceil(slots / 2) : Number.POSITIVE_INFINITY;
    const timing = { clock, random, onError, everyMs: BACKSTOP_MS };
    this.#loop = new Loop({ ...timing, run: () => this.#claimOrPark() });
    if (isShared) this.#beside = new Loop({ ...timing, run: () => this.#claimMore() });
  }

  /** The last claim brought all there was, and none is under way. */
  get isDry(): boolean {
    return this.#isDry && this.#asked === 0;
  }

  start(): void {
    this.#loop.start();
    this.#beside?.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#parked?.abort();
    await Promise.all([this.#loop.stop(), this.#beside?.stop()]);
  }

  /** There may be tickets. @param isServed whether a claim that waits in the store is served without this */
  wake(isServed = false): void {
    if (isServed && this.#parked !== undefined) return;
    this.#isDry = false;
    this.#wakeCount += 1;
    this.#parked?.abort();
    this.#loop.wake();
  }

  /** A slot is free. All that become free in this turn are filled by one claim in the next. */
  slotFreed(): void {
    if (this.#isQueued || (this.#isDry && this.#parked !== undefined)) return;
    this.#isQueued = true;
    this.#options.clock.nextTurn(() => {
      this.#isQueued = false;
      this.#loop.wake();
      this.#beside?.wake();
    });
  }

  async #claimOrPark(): Promise<number | undefined> {
    // A claim that waits looks first, so nobody has to look before it.
    if (!this.#isDry) await this.#claim();
    return this.#isDry ? this.#park(this.#options.free() - this.#asked) : undefined;
  }

  async #claimMore(): Promise<undefined> {
    if (this.#isDry) return undefined;
    await this.#claim();
    // There is plenty after all; the first must not go on waiting for it.
    if (!this.#isDry) this.#parked?.abort();
    return undefined;
  }

  async #claim(): Promise<void> {
    const { store, request, clock, prefetch, free, take, onDry } = this.#options;
    const max = Math.min(free() - this.#asked, this.#most);
    if (max < 1 || max < Math.min(prefetch / 2, this.#most)) return;
    const since = clock.monotonic();
    const wakeCount = this.#wakeCount;
    this.#asked += max;
    try {
      const claims = await store.claim({ ...request, max });
      // Woken meanwhile: there may be tickets by now that this claim came too early for.
      this.#isDry = claims.length < max && wakeCount === this.#wakeCount;
      if (claims.length > 0) take(claims, since);
    } finally {
      this.#asked -= max;
    }
    if (this.isDry) onDry();
    else if (!this.#isDry) this.#beside?.wake();
  }

  /** Answers how soon to look again. */
  async #park(max: number): Promise<number | undefined> {
    if (max < 1 || this.#isStopped) return undefined;
    const { store, request, clock } = this.#options;
    const parked = new AbortController();
    this.#parked = parked;
    // The lease counts from the beginning of the wait, for all that we know; it must not be used up by it.
    const mostMs = store.capabilities.isWaitForAll ? Number.POSITIVE_INFINITY : BACKSTOP_MS;
    const limit = clock.after(Math.min(mostMs, request.leaseMs / 4), () => parked.abort());
    const since = clock.monotonic();
    try {
      const claims = await store.claim({ ...request, max }, parked.signal);
      if (claims.length === max) this.#isDry = false;
      if (claims.length > 0) this.#options.take(claims, since);
      return 0;
    } finally {
      this.#parked = undefined;
      limit.cancel();
    }
  }
}
