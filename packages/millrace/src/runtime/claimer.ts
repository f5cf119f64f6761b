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
  /** Jobs claimed ahead; they are fetched again when half of them are used up, so that claims stay large. */
  readonly prefetch: number;
  /** @param trustedSince when the call began, on the monotonic clock */
  readonly take: (claims: readonly Claim[], trustedSince: number) => void;
  readonly onDry: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Claims at most the free slots. Wake-ups come first, the poll is the backstop.
 *
 *   dry ── wake or poll ──► claiming ── as many as asked ──► fed ── slots free again ──► claiming
 *    ▲                         │
 *    └──── fewer than asked ───┘
 */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #loop: Loop;
  #isDry = false;
  #isQueued = false;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    const { clock, random, onError } = options;
    this.#loop = new Loop({ clock, random, everyMs: BACKSTOP_MS, run: () => this.#claim(), onError });
  }

  /** The last claim brought all there was. */
  get isDry(): boolean {
    return this.#isDry;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** There may be tickets. */
  wake(): void {
    this.#isDry = false;
    this.#loop.wake();
  }

  /** A slot is free. All that become free in this turn are filled by one claim in the next. */
  slotFreed(): void {
    if (this.#isDry || this.#isQueued) return;
    this.#isQueued = true;
    setImmediate(() => {
      this.#isQueued = false;
      this.#loop.wake();
    });
  }

  async #claim(): Promise<undefined> {
    const { store, request, clock, prefetch } = this.#options;
    const max = this.#options.free();
    if (max < 1 || max < prefetch / 2) return undefined;
    const trustedSince = clock.monotonic();
    const claims = await store.claim({ ...request, max });
    this.#isDry = claims.length < max;
    if (claims.length > 0) this.#options.take(claims, trustedSince);
    if (this.#isDry) this.#options.onDry();
    return undefined;
  }
}
