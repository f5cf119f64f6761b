/** Counts what is done on one store between `begin` and `end`. */
export interface Meter {
  /** Forget what was counted, and count. */
  readonly begin: () => Promise<void>;
  /** Totals by what is counted. */
  readonly end: () => Promise<ReadonlyMap<string, number>>;
  /** How often each statement was sent, by its name or its first words. */
  readonly statements: ReadonlyMap<string, number>;
  /** Resolves when nothing is being done, and nothing is about to be. */
  readonly quiet: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Adds to the figure of a name. */
export function raise(totals: Map<string, number>, name: string, by = 1): void {
  totals.set(name, (totals.get(name) ?? 0) + by);
}

/** Whoever goes on in a later turn of the event loop, or after the shortest of timers, has begun after so long. */
const QUIET_MS = 3;
const QUIET_TURNS = 10;

/**
 * Resolves when nothing has begun for a moment, and all that had has been answered.
 * @param begunCount grows whenever something begins
 * @param answered resolves when all of it has been answered
 */
export async function untilQuiet(begunCount: () => number, answered: () => Promise<void>): Promise<void> {
  for (let before = -1; before !== begunCount();) {
    before = begunCount();
    await answered();
    await new Promise((resolve) => void setTimeout(resolve, QUIET_MS));
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => void setImmediate(resolve));
  }
}
