import { Refusal } from "./refusal.ts";

interface Bucket {
  /** Requests that may come at once. */
  left: number;
  /** When that was so. */
  atMs: number;
}

/** So many callers are remembered; the one not heard of for longest is forgotten, and begins anew. */
const MOST_CALLERS = 10_000;
const MINUTE_MS = 60_000;

/**
 * So many requests a minute for each caller, and as many at once after a quiet minute: a bucket that fills evenly and
 * from which every request takes one.
 */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  /** Oldest first: whoever is heard of goes to the end. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** @throws Refusal `rate_limited` with the time until the next request may come */
  take(caller: string): void {
    const atMs = this.#now();
    const before = this.#buckets.get(caller) ?? { left: this.#perMinute, atMs };
    const filled = before.left + ((atMs - before.atMs) * this.#perMinute) / MINUTE_MS;
    const left = Math.min(this.#perMinute, filled) - 1;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: left < 0 ? left + 1 : left, atMs });
    if (this.#buckets.size > MOST_CALLERS) this.#forgetOldest();
    if (left < 0) {
      const waitMs = (-left * MINUTE_MS) / this.#perMinute;
      throw new Refusal(
        "rate_limited",
        `more than ${this.#perMinute} requests a minute were made with this key`,
        waitMs,
      );
    }
  }

  #forgetOldest(): void {
    for (const caller of this.#buckets.keys()) {
      this.#buckets.delete(caller);
      return;
    }
  }
}
