import { Latencies } from "./latencies.ts";

/** Enough for a plot as wide as a page, few enough that what lies in one means something. */
const MOST_BINS = 240;
const FIRST_WIDTH_US = 10_000;

/** What happened from one instant to the next. */
export interface TimeBin {
  /** Microseconds on the clock of the history. */
  readonly at: number;
  /** Attempts that ended and were taken down. */
  readonly settled: number;
  readonly enqueue: Latencies;
  readonly settle: Latencies;
}

interface Bin {
  settled: number;
  readonly enqueue: Latencies;
  readonly settle: Latencies;
}

/** Time in equal parts, which become wider as it gets longer. Takes what happened in any order. */
export class TimeBins {
  #width = FIRST_WIDTH_US;
  #bins = new Map<number, Bin>();
  #first = Infinity;
  #last = -Infinity;

  settled(at: number, count: number): void {
    this.#at(at).settled += count;
  }

  answered(at: number, name: "enqueue" | "settle", us: number): void {
    this.#at(at)[name].add(us);
  }

  /** Microseconds. */
  get width(): number {
    return this.#width;
  }

  /** All from the first to the last, those in which nothing happened too. */
  all(): readonly TimeBin[] {
    if (this.#bins.size === 0) return [];
    return Array.from({ length: this.#last - this.#first + 1 }, (_, i) => {
      const place = this.#first + i;
      return { at: place * this.#width, ...(this.#bins.get(place) ?? emptyBin()) };
    });
  }

  #at(at: number): Bin {
    this.#reach(Math.floor(at / this.#width));
    while (this.#last - this.#first >= MOST_BINS) this.#widen();
    const place = Math.floor(at / this.#width);
    const bin = this.#bins.get(place) ?? emptyBin();
    this.#bins.set(place, bin);
    return bin;
  }

  #reach(place: number): void {
    this.#first = Math.min(this.#first, place);
    this.#last = Math.max(this.#last, place);
  }

  #widen(): void {
    this.#width *= 2;
    this.#first = Math.floor(this.#first / 2);
    this.#last = Math.floor(this.#last / 2);
    const narrow = this.#bins;
    this.#bins = new Map();
    for (const [place, bin] of narrow) {
      const wide = this.#bins.get(Math.floor(place / 2));
      if (wide === undefined) {
        this.#bins.set(Math.floor(place / 2), bin);
        continue;
      }
      wide.settled += bin.settled;
      wide.enqueue.addAll(bin.enqueue);
      wide.settle.addAll(bin.settle);
    }
  }
}

function emptyBin(): Bin {
  return { settled: 0, enqueue: new Latencies(), settle: new Latencies() };
}
