/** A bucket is two per cent wide, which no eye can tell on a plot and nobody decides by. */
const BUCKETS_PER_DOUBLING = 32;
/** Up to some 19 hours; what takes longer is counted there. */
const BUCKETS = 36 * BUCKETS_PER_DOUBLING;

/** How long calls took, counted and not kept, so that a million of them take as little room as one. */
export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(us: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(Math.max(0, us) + 1) * BUCKETS_PER_DOUBLING));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, us);
  }

  addAll(others: Latencies): void {
    others.#counts.forEach((count, bucket) => {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    });
    this.#count += others.#count;
    this.#max = Math.max(this.#max, others.#max);
  }

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /**
   * So many microseconds, or less, did that part of the calls take; a per cent off, at most.
   * @param part from 0 to 1, such as 0.99
   * @returns `null` where there was no call
   */
  quantile(part: number): number | null {
    if (this.#count === 0) return null;
    let left = Math.max(1, Math.ceil(part * this.#count));
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0);
    return Math.min(this.#max, 2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) - 1);
  }
}
