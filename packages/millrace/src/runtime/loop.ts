import type { Clock, Random, Timer } from "../core/clock.ts";

export interface LoopOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The longest pause between two runs, in milliseconds; shortened at random by up to a tenth. */
  readonly everyMs: number;
  /** Whether waiting for the next run keeps the process alive. @default false */
  readonly keepAlive?: boolean;
  /** One run. Answers how long to wait before the next, if sooner than `everyMs`. */
  readonly run: () => Promise<number | undefined>;
  readonly onError: (error: unknown) => void;
}

/**
 * The only timer loop: runs one thing again and again, never twice at once, sooner when woken.
 *
 *   stopped ── start ──► waiting ── time or wake ──► running ── done ──► waiting (at once, if woken meanwhile)
 *      ▲                    │                           │
 *      └────── stop ────────┴──── stop, then awaited ───┘
 */
export class Loop {
  readonly #options: LoopOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isStarted = false;
  #isWoken = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Safe to call twice. The first run follows at once. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.wake();
  }

  /** Run now, or once more after the present run. */
  wake(): void {
    if (!this.#isStarted) return;
    if (this.#running !== undefined) {
      this.#isWoken = true;
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running = this.#runOnce();
  }

  /** No further run; resolves when the present one has ended. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#running;
  }

  async #runOnce(): Promise<void> {
    let pauseMs: number | undefined;
    do {
      this.#isWoken = false;
      try {
        // A run that throws before it promises anything ends as a rejection too, and so not before `wake` has noted it.
        pauseMs = await new Promise<number | undefined>((resolve) => resolve(this.#options.run()));
      } catch (error) {
        pauseMs = undefined;
        this.#options.onError(error);
      }
    } while (this.#isWoken && this.#isStarted);
    this.#running = undefined;
    if (!this.#isStarted) return;
    const { clock, random, everyMs, keepAlive = false } = this.#options;
    const longest = everyMs * (1 - random() / 10);
    const delayMs = Math.max(0, Math.min(pauseMs ?? longest, longest));
    this.#timer = clock.after(delayMs, () => this.wake(), { keepAlive });
  }
}
