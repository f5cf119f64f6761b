import type { Fault } from "../faults/fault.ts";
import type { FaultEntry } from "../history/entry.ts";
import { microseconds } from "./microseconds.ts";
import { passed } from "./passed.ts";

interface Rage {
  readonly chance: () => number;
  readonly record: (entry: FaultEntry) => void;
  /** Between two strikes, at least and at most. */
  readonly restMs: readonly [least: number, most: number];
  readonly enough: AbortSignal;
}

/**
 * Bring faults, one after the other, until it is enough: each of them once in an order by chance, and then any. What was
 * brought has ended when this resolves.
 */
export async function rage(faults: readonly Fault[], { chance, record, restMs, enough }: Rage): Promise<void> {
  const [least, most] = restMs;
  const first = shuffled(faults, chance);
  while (faults.length > 0) {
    await passed(least + chance() * (most - least), enough);
    if (enough.aborted) return;
    const fault = first.pop() ?? faults[Math.floor(chance() * faults.length)];
    if (fault === undefined) return;
    const at = microseconds();
    const target = await fault.strike();
    record({ type: "fault", at, until: microseconds(), fault: fault.name, target });
  }
}

function shuffled<T>(all: readonly T[], chance: () => number): T[] {
  return all
    .map((one) => ({ one, place: chance() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
