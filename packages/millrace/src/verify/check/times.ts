/** From one instant to another, in microseconds. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Stretches of time: what lies in several of them counts once. */
export class Times {
  static readonly none = new Times([]);

  readonly #spans: readonly Span[];
  /** How much time lies before each span. */
  readonly #before: readonly number[];

  constructor(spans: Iterable<Span>) {
    const merged: { from: number; until: number }[] = [];
    for (const { from, until } of [...spans].toSorted((a, b) => a.from - b.from)) {
      const last = merged.at(-1);
      if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until);
      else merged.push({ from, until });
    }
    this.#spans = merged;
    let sum = 0;
    this.#before = merged.map(({ from, until }) => (sum += until - from) - (until - from));
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** How much of the time between two instants lies in it, in microseconds. */
  within(from: number, until: number): number {
    return until <= from ? 0 : this.#upTo(until) - this.#upTo(from);
  }

  /** Whether any of it, be it an instant, lies between two instants. */
  meets(from: number, until: number): boolean {
    const at = this.#lastFrom(until);
    return at >= 0 && (this.#spans[at]?.until ?? 0) >= from;
  }

  #upTo(at: number): number {
    const i = this.#lastFrom(at);
    const span = this.#spans[i];
    return span === undefined ? 0 : (this.#before[i] ?? 0) + Math.min(at, span.until) - span.from;
  }

  /** The last span that began by then, or -1. */
  #lastFrom(at: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.from ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
