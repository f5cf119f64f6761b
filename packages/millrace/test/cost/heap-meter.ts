import { PerformanceObserver } from "node:perf_hooks";

/**
 * Counts the bytes that are allocated on the heap: by how much it grows while nothing is collected. The process must be
 * run with `HEAP_FLAGS`.
 */
export class HeapMeter {
  #before = 0;
  #collections = 0;

  constructor() {
    const observer = new PerformanceObserver((list) => (this.#collections += list.getEntries().length));
    observer.observe({ entryTypes: ["gc"] });
  }

  async begin(): Promise<void> {
    collect();
    await laterTurn();
    this.#collections = 0;
    this.#before = process.memoryUsage().heapUsed;
  }

  /** @throws Error when something was collected, since nobody knows how much */
  async end(): Promise<number> {
    const bytes = process.memoryUsage().heapUsed - this.#before;
    await laterTurn();
    if (this.#collections > 0)
      throw new Error(`the heap was collected ${this.#collections} times while it was counted`);
    return bytes;
  }
}

/**
 * Room for all that an act allocates, and no compiler that decides, by what it has seen so far, which objects are never
 * made: then the same work allocates the same.
 */
export const HEAP_FLAGS: readonly string[] = [
  "--expose-gc",
  "--no-opt",
  "--no-maglev",
  "--min-semi-space-size=512",
  "--max-semi-space-size=512",
];

function collect(): void {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error(`Node must be run with ${HEAP_FLAGS.join(" ")}`);
  gc();
}

/** When observers have heard of what was collected. */
function laterTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 20));
}
