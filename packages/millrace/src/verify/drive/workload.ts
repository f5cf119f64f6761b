import type { EnqueueItem } from "../../runtime/enqueuer.ts";
import type { EnqueueOptions } from "../../runtime/enqueue-options.ts";
import type { Abilities } from "./abilities.ts";
import type { Places } from "./messages.ts";
import { ENDINGS, KINDS, type Ending, type Order } from "./order.ts";

/** Labels that some workers have, and some jobs need. */
export const LABELS = ["gpu", "disk=fast"] as const;

/** How often of those that come less often than the others: they end a job at once, take their time, or cost a process. */
const SHARES: Readonly<Partial<Record<Ending, number>>> = { permanent: 0.15, overrun: 0.15, deaf: 0.15, die: 0.02 };

/** Makes up what is enqueued: everything at once, by chance alone. */
export class Workload {
  readonly #chance: () => number;
  readonly #places: Places;
  readonly #endings: readonly Ending[];

  constructor(chance: () => number, places: Places, { transactions, mayDie }: Abilities) {
    this.#chance = chance;
    this.#places = places;
    const needsTransaction = new Set<Ending>(["commit", "rollback", "die"]);
    this.#endings = ENDINGS.filter(
      (ending) => (transactions !== null || !needsTransaction.has(ending)) && (mayDie || ending !== "die"),
    );
  }

  /** True so often. */
  is(share: number): boolean {
    return this.#chance() < share;
  }

  below(limit: number): number {
    return Math.floor(this.#chance() * limit);
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  items(most: number): readonly EnqueueItem[] {
    return Array.from({ length: 1 + this.below(most) }, () => (this.is(0.05) ? this.#keyed() : this.#item(KINDS.work)));
  }

  /** For a transaction of the caller's own. */
  boundItems(): readonly EnqueueItem[] {
    return Array.from({ length: 1 + this.below(3) }, () => this.#item(KINDS.bound));
  }

  /** What a handler enqueues. */
  child(parent: string): EnqueueItem {
    const { scopes, main } = this.#places;
    return { kind: KINDS.child, payload: null, options: { queue: main, scope: this.oneOf(scopes), group: parent } };
  }

  #item(kind: string): EnqueueItem {
    const ends = Array.from({ length: this.is(0.5) ? 0 : 1 + this.below(3) }, () => this.#ending());
    // Some take long enough to be met by a fault, and to need a heartbeat.
    const isLong = this.is(0.05) && !ends.includes("overrun");
    const payload: Order = { spendMs: this.below(isLong ? 700 : 25), ends };
    return { kind, payload, options: this.#options(ends) };
  }

  #ending(): Ending {
    const ending = this.oneOf(this.#endings);
    const share = SHARES[ending] ?? 1;
    return this.is(share) ? ending : "throw";
  }

  #options(ends: readonly Ending[]): EnqueueOptions {
    const { main, side, brief, plain, scopes } = this.#places;
    const queue = this.oneOf([main, main, main, side, brief, plain]);
    return {
      queue,
      // The numbers of what is deleted would be missed in the end.
      scope: queue === brief ? brief : queue === plain ? plain : this.oneOf(scopes),
      priority: this.oneOf([0, 0, 0, 5, -5]),
      // A job must be able to lose as many leases as there are faults.
      maxAttempts: this.is(0.1) ? 2 : 1_000,
      backoff: { type: "fixed", delayMs: this.below(50) },
      ...(queue === plain ? { numbered: false } : {}),
      ...(this.is(0.15) ? { delayMs: this.below(150) } : {}),
      ...(this.is(0.1) ? { requires: [this.oneOf(LABELS)] } : {}),
      ...(this.is(0.2) ? { fairKey: this.oneOf(["ada", "bob"]) } : {}),
      ...(this.is(0.1) ? { tags: { colour: this.oneOf(["red", "blue"]) } } : {}),
      ...(ends.includes("overrun") ? { timeoutMs: 300 } : {}),
    };
  }

  /** Few keys, so that they meet; now and then with another payload, which is refused while one lives. */
  #keyed(): EnqueueItem {
    const { main, scopes } = this.#places;
    const key = `key-${this.below(4)}`;
    const payload: Order = { spendMs: this.is(0.2) ? 11 : 10, ends: [] };
    return { kind: KINDS.keyed, payload, options: { queue: main, scope: this.oneOf(scopes), key, maxAttempts: 1_000 } };
  }
}
