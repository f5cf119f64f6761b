export interface Call<Item, Answer> {
  readonly items: readonly Item[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatherOptions<Item, Answer> {
  /** Answers in order, as many as it was given; all or nothing. */
  readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** One call by itself, after one in which it took part has failed. */
  readonly alone: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** Whether a failure says something about one call, which may do better by itself even if it was alone before. */
  readonly isCurable: (error: unknown) => boolean;
  /** Whether a failure says nothing about any call, so that nobody is tried alone. */
  readonly isShared: (error: unknown) => boolean;
  /** Items in one statement at most, unless one call brings more. */
  readonly most: number;
  /** Items that are worth a second statement while the first is under way. @default 1 */
  readonly worthSecond?: number;
}

/** So many statements of a kind are under way at once: while the server works on one, the next is put together. */
const AT_ONCE = 2;
/** One that takes longer waits for somebody, and is no reason for the others to wait as well. */
const LATE_MS = 50;
/** But not all connections shall wait. */
const MOST_LATE = 4;

/**
 * Joins calls into one statement and so into one commit: those of one turn of the event loop, and while two statements
 * are under way all that come meanwhile.
 */
export class Gather<Item, Answer> {
  readonly #options: GatherOptions<Item, Answer>;
  #waiting: Call<Item, Answer>[] = [];
  /** Statements that were sent and are not late yet. */
  #underWay = 0;
  #lateCount = 0;
  #isScheduled = false;

  constructor(options: GatherOptions<Item, Answer>) {
    this.#options = options;
  }

  add(items: readonly Item[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      if (this.#isScheduled || this.#underWay >= AT_ONCE) return;
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#sendNext();
      });
    });
  }

  /** Calls that wait, for who sends them along with something else. They are to be answered by `answer` or `retry`. */
  takeWaiting(): readonly Call<Item, Answer>[] {
    return this.#waiting.splice(0);
  }

  #sendNext(): void {
    while (this.#waiting.length > 0 && this.#underWay < AT_ONCE && this.#isWorthIt()) {
      void this.#track(this.#send(this.#takeCalls()));
    }
  }

  async #track(sending: Promise<void>): Promise<void> {
    this.#underWay += 1;
    let isLate = false;
    const timer = setTimeout(() => {
      if (this.#lateCount >= MOST_LATE) return;
      isLate = true;
      this.#lateCount += 1;
      this.#underWay -= 1;
      this.#sendNext();
    }, LATE_MS);
    await sending;
    clearTimeout(timer);
    if (isLate) this.#lateCount -= 1;
    else this.#underWay -= 1;
    this.#sendNext();
  }

  #isWorthIt(): boolean {
    const { worthSecond = 1 } = this.#options;
    if (this.#underWay === 0) return true;
    let count = 0;
    return this.#waiting.some(({ items }) => (count += items.length) >= worthSecond);
  }

  #takeCalls(): readonly Call<Item, Answer>[] {
    let count = 0;
    const end = this.#waiting.findIndex(({ items }, i) => (count += items.length) > this.#options.most && i > 0);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  async #send(calls: readonly Call<Item, Answer>[]): Promise<void> {
    try {
      answerAll(calls, await this.#options.send(calls.flatMap(({ items }) => items)));
    } catch (error) {
      await this.retry(calls, error);
    }
  }

  /** Each call by itself, after they failed together. */
  async retry(calls: readonly Call<Item, Answer>[], error: unknown): Promise<void> {
    const { alone, isCurable, isShared } = this.#options;
    if (isShared(error) || (calls.length === 1 && !isCurable(error))) for (const { reject } of calls) reject(error);
    else await Promise.all(calls.map(({ items, resolve, reject }) => alone(items).then(resolve, reject)));
  }
}

/** Answers for the items of all calls, in order, shared out among them. */
export function answerAll<Item, Answer>(calls: readonly Call<Item, Answer>[], answers: readonly Answer[]): void {
  let at = 0;
  for (const { items, resolve } of calls) resolve(answers.slice(at, (at += items.length)));
}
