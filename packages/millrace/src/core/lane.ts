/** An interned combination of queue, required labels and fairness key: what a claim reads. */
export interface Lane {
  readonly id: number;
  readonly queue: string;
  readonly requires: readonly string[];
  readonly fairKey: string | null;
}

/** Labels in the form in which lanes are compared: sorted, each once. */
export function normalizeLabels(labels: readonly string[]): string[] {
  return [...new Set(labels)].toSorted();
}

/** Whether a worker with these labels may take jobs of the lane. */
export function serves(lane: Pick<Lane, "requires">, labels: ReadonlySet<string>): boolean {
  return missingLabels(lane.requires, labels).length === 0;
}

/**
 * The requirements that these labels do not meet. A requirement is `name` (a label of that name, with or without a
 * value), `name=value` (exactly that label) or `name>=number` (a label `name=n` whose n is at least that).
 */
export function missingLabels(requires: readonly string[], labels: ReadonlySet<string>): string[] {
  return requires.filter((requirement) => !isMet(requirement, labels));
}

function isMet(requirement: string, labels: ReadonlySet<string>): boolean {
  if (labels.has(requirement)) return true;
  const [name = "", least] = requirement.split(">=");
  for (const label of labels) {
    if (!label.startsWith(`${name}=`)) continue;
    if (least === undefined || Number(label.slice(name.length + 1)) >= Number(least)) return true;
  }
  return false;
}

/** The queues a worker serves: a list in strict order, or names with weights. `null` is every queue, in turn. */
export type QueueChoice =
  | { readonly order: "strict"; readonly names: readonly string[] }
  | { readonly order: "weighted"; readonly weights: ReadonlyMap<string, number> }
  | { readonly order: "turns" };

/**
 * Who is next. Keeps what must be remembered between claims of one process, so that over time queues get their
 * weights and the fairness keys of a queue get the same number of turns.
 */
export class Turns {
  readonly #credit = new Map<string, number>();
  readonly #lastKey = new Map<string, string>();

  /**
   * The queue to serve next, of those that have work: smooth weighted round robin, which spreads a weight of
   * 3 : 1 as a a b a and never as a a a b.
   */
  nextQueue(choice: QueueChoice, withWork: readonly string[]): string | undefined {
    if (choice.order === "strict") return choice.names.find((name) => withWork.includes(name));
    let total = 0;
    let best: string | undefined;
    for (const name of withWork) {
      const weight = choice.order === "weighted" ? (choice.weights.get(name) ?? 0) : 1;
      if (weight <= 0) continue;
      total += weight;
      const credit = (this.#credit.get(name) ?? 0) + weight;
      this.#credit.set(name, credit);
      if (best === undefined || credit > (this.#credit.get(best) ?? 0)) best = name;
    }
    if (best !== undefined) this.#credit.set(best, (this.#credit.get(best) ?? 0) - total);
    return best;
  }

  /** The fairness key of a queue that is served next: the one after the last, in their own order. */
  nextKey(queue: string, keys: readonly string[]): string | undefined {
    const last = this.#lastKey.get(queue);
    const sorted = keys.length > 1 ? keys.toSorted() : keys;
    const next = last === undefined ? sorted[0] : (sorted.find((key) => key > last) ?? sorted[0]);
    if (next !== undefined && keys.length > 1) this.#lastKey.set(queue, next);
    return next;
  }
}
