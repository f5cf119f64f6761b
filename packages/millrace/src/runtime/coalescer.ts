import type { Clock } from "../core/clock.ts";

/** How many items one call to the store carries at most. */
const MAX_BATCH = 1_000;

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins the single calls of one turn of the event loop into one call with an array, so that a hundred callers pay for
 * one statement and one commit. When the joint call fails for a reason that lies in one of them, each is tried alone.
 */
export class Coalescer<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #isShared: (error: unknown) => boolean;
  readonly #clock: Pick<Clock, "nextTurn">;
  #waiting: Waiting<Item, Answer>[] = [];

  /**
   * @param send answers in order, as many as it was given
   * @param isShared whether an error concerns all callers alike, such as an outage; then nobody is tried alone
   */
  constructor(
    send: (items: readonly Item[]) => Promise<readonly Answer[]>,
    isShared: (error: unknown) => boolean,
    clock: Pick<Clock, "nextTurn">,
  ) {
    this.#send = send;
    this.#isShared = isShared;
    this.#clock = clock;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === 1) this.#clock.nextTurn(() => this.flush());
    });
  }

  /** Send what waits; done by itself in the next turn of the event loop. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let i = 0; i < waiting.length; i += MAX_BATCH) void this.#sendBatch(waiting.slice(i, i + MAX_BATCH));
  }

  async #sendBatch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map((each) => each.item));
      batch.forEach((each, i) => each.resolve(answers[i] as Answer));
    } catch (error) {
      if (batch.length === 1 || this.#isShared(error)) for (const each of batch) each.reject(error);
      else await Promise.all(batch.map((each) => this.#sendBatch([each])));
    }
  }
}
