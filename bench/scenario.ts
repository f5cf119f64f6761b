import type { RedisSync } from "./redis-server.ts";
import type { ContestantName, Task } from "./task.ts";

/** One line of a table: who, how set up, and what an answered call survives. */
export interface Row {
  readonly name: string;
  readonly contestant: ContestantName;
  readonly measure: string;
  readonly counts: Task["counts"];
  readonly durability: string;
  readonly variant?: string;
  readonly redis?: RedisSync;
  /** Whether it works on a database of the run's PostgreSQL. */
  readonly isOnPostgres?: boolean;
  /** Rounds, where each takes so long that fewer must do. */
  readonly maxRounds?: number;
}

/** A column: which figure, and how it is written. */
export interface Column {
  readonly figure: string;
  readonly title: string;
  readonly digits: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What a reader must know to read the table. */
  readonly note?: string;
  /** The first is the one that counts: it is shown with its range, and compared. */
  readonly columns: readonly [Column, ...Column[]];
  /** Whether more of the first column is better. */
  readonly isMoreBetter: boolean;
  /** The row that others are compared with; none where a comparison says nothing. */
  readonly baseline?: string;
  readonly rows: readonly Row[];
}

export interface Size {
  /** Multiplies the numbers of jobs. */
  readonly scale: number;
  readonly isQuick: boolean;
  readonly isHuge: boolean;
  /** How long the steady load beside a transaction left open lasts. */
  readonly pinnedSeconds: number;
}

export const DURABLE = "every commit on disk";
export const NOT_DURABLE = "the last commits may be lost with the power";

export const PER_SECOND: Column = { figure: "perSecond", title: "jobs/s", digits: 0 };
export const CPU: Column = { figure: "cpuMsPer1000", title: "CPU ms per 1000 jobs", digits: 1 };
export const SERVER_CPU: Column = { figure: "serverCpuMsPer1000", title: "of it the server's", digits: 1 };
export const PEAK_MEMORY: Column = { figure: "peakRssMb", title: "client's memory, MiB at most", digits: 0 };
export const WAL: Column = { figure: "walBytesPerJob", title: "WAL bytes a job", digits: 0 };
export const QUANTILES: readonly [Column, ...Column[]] = [
  { figure: "p50Ms", title: "p50 ms", digits: 2 },
  { figure: "p95Ms", title: "p95 ms", digits: 2 },
  { figure: "p99Ms", title: "p99 ms", digits: 2 },
  { figure: "p999Ms", title: "p999 ms", digits: 2 },
];

/** A number of jobs at the scale of the run; never so few that nothing is measured. */
export function scaled({ scale }: Size, jobs: number, least = 100): number {
  return Math.max(Math.min(least, jobs), Math.round(jobs * scale));
}
