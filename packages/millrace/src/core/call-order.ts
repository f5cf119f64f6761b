type Timers = Pick<typeof globalThis, "setTimeout" | "clearTimeout">;

/** A server that does not answer keeps other calls waiting no longer, in milliseconds. */
const LONGEST_MS = 1_000;

/** Calls go out as they come, but for those that are made behind one that has to be first. */
export class CallOrder {
  readonly #timers: Timers;
  #ahead: Promise<void> | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Make a call now, or as soon as what has to be first is answered. */
  make<T>(call: () => Promise<T>): Promise<T> {
    return this.#ahead === undefined ? call() : this.#ahead.then(call);
  }

  /** Nothing that is called from now on is sent before this is answered. */
  putFirst(call: Promise<unknown>): void {
    const ahead = this.#until(call);
    this.#ahead = ahead;
    void ahead.finally(() => {
      if (this.#ahead === ahead) this.#ahead = undefined;
    });
  }

  #until(call: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.setTimeout(resolve, LONGEST_MS);
      const end = (): void => {
        this.#timers.clearTimeout(timer);
        resolve();
      };
      call.then(end, end);
    });
  }
}
