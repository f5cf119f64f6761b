/** The stores whose work is counted. */
export const STORES = ["SQLite", "PostgreSQL"] as const;

export type StoreName = (typeof STORES)[number];

/** What one job costs, counted and not timed, by what is counted: `{ statements: 1, "rows inserted into job": 1 }`. */
export type Cost = Readonly<Record<string, number>>;

/** What was counted while an act ran. */
export interface ActCost {
  readonly act: string;
  readonly cost: Cost;
  /** How often each statement was sent, a job: for whoever wants to know where a number comes from. */
  readonly statements: Cost;
}

/** Another Node lays out what it allocates in another way, so this is compared on one only. */
export const HEAP_BYTES = "heap bytes";
const HEAP_NODE = "24";

export function isHeapComparable(): boolean {
  return process.versions.node.split(".", 1)[0] === HEAP_NODE;
}

/** Each figure divided by the number of jobs. */
export function perJob(totals: ReadonlyMap<string, number>, jobs: number): Cost {
  return Object.fromEntries([...totals].map(([name, total]) => [name, total / jobs]));
}
