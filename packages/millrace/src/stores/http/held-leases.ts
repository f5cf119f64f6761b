import type { Companion } from "../../core/companion.ts";
import type { LeaseRef } from "../../core/lease.ts";

/** A lease that has ended may be asked about once more, when an answer was lost. */
const MOST_ENDED = 10_000;

/** The leases of one worker, as far as this process knows. */
export class HeldLeases {
  readonly #held = new Map<string, Companion | null>();
  /** The latest of those that have ended, the oldest first. */
  readonly #ended = new Set<string>();

  get count(): number {
    return this.#held.size;
  }

  /** @param companion what came beside the job */
  add(lease: LeaseRef, companion: Companion | null): void {
    this.#held.set(nameOf(lease), companion);
  }

  companionOf(lease: LeaseRef): Companion | null {
    return this.#held.get(nameOf(lease)) ?? null;
  }

  /** Whether it is, or was not long ago, this worker's. */
  knows(lease: LeaseRef): boolean {
    const name = nameOf(lease);
    return this.#held.has(name) || this.#ended.has(name);
  }

  end(lease: LeaseRef): void {
    const name = nameOf(lease);
    if (!this.#held.delete(name)) return;
    this.#ended.add(name);
    const [oldest] = this.#ended;
    if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function nameOf({ job, token }: LeaseRef): string {
  return `${job} ${token}`;
}
