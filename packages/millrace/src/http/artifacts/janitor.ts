import type { Kernel } from "../../runtime/kernel.ts";
import { Loop } from "../../runtime/loop.ts";
import type { Places } from "./places.ts";

const EVERY_MS = 30_000;
const AT_ONCE = 100;
/** Longer than it takes to delete so many. */
const TAKEN_MS = 300_000;

/**
 * Deletes the bytes of what was discarded: artifacts that were replaced or pruned, and what never became one. Any number
 * of servers may do so at once. What cannot be deleted now is taken again later.
 */
export class Janitor {
  readonly #kernel: Kernel;
  readonly #places: Places;
  readonly #loop: Loop;

  constructor(kernel: Kernel, places: Places, stopping: AbortSignal) {
    this.#kernel = kernel;
    this.#places = places;
    const { clock, random, logger } = kernel;
    this.#loop = new Loop({
      clock,
      random,
      everyMs: EVERY_MS,
      run: () => this.#sweep(),
      onError: (error) => logger.warn({ error }, "discarded artifacts could not be swept; it will be tried again"),
    });
    stopping.addEventListener("abort", () => void this.#loop.stop(), { once: true });
    if (!stopping.aborted) this.#loop.start();
  }

  /** Something was discarded just now. */
  wake(): void {
    this.#loop.wake();
  }

  async #sweep(): Promise<number | undefined> {
    const { store, logger } = this.#kernel;
    const places = await store.takeDiscardedPlaces(AT_ONCE, TAKEN_MS);
    const gone: string[] = [];
    for (const place of places) {
      try {
        await this.#places.delete(place);
        gone.push(place);
      } catch (error) {
        logger.warn(
          { error, place, where: this.#places.text },
          "an artifact could not be deleted; it will be tried again",
        );
      }
    }
    if (gone.length > 0) await store.forgetPlaces(gone);
    return places.length === AT_ONCE ? 0 : undefined;
  }
}
