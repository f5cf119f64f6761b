import { isManual, MANUAL } from "./manual.ts";

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

/** Whether a worker with these labels may take jobs of the lane. Who works by hand takes nothing that runs by itself. */
export function serves(lane: Pick<Lane, "requires">, labels: ReadonlySet<string>): boolean {
  if (labels.has(MANUAL) && !isManual(lane)) return false;
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
 * Whose turn it is among queues, over many claims: smooth weighted round robin, which spreads a weight of 3 : 1 as
 * a a b a and never as a a a b.
 */
export class QueueTurns {
  readonly #credit = new Map<string, number>();

  /** The queue to serve next, of those that have work. */
  next(choice: QueueChoice, withWork: readonly string[]): string | undefined {
    if (choice.order === "strict") return choice.names.find((name) => withWork.includes(name));
    let total = 0;
    let best: string | undefined;
    for (const name of withWork) {
      const weight = weightOf(choice, name);
      if (weight <= 0) continue;
      total += weight;
      const credit = (this.#credit.get(name) ?? 0) + weight;
      this.#credit.set(name, credit);
      if (best === undefined || credit > (this.#credit.get(best) ?? 0)) best = name;
    }
    if (best !== undefined) this.#credit.set(best, (this.#credit.get(best) ?? 0) - total);
    return best;
  }
}

/** Whether a worker with this choice serves the queue at all. */
export function isChosen(choice: QueueChoice, queue: string): boolean {
  return choice.order === "strict" ? choice.names.includes(queue) : weightOf(choice, queue) > 0;
}

function weightOf(choice: QueueChoice, queue: string): number {
  return choice.order === "weighted" ? (choice.weights.get(queue) ?? 0) : 1;
}
