import type { PostgresPlace } from "./postgres-server.ts";

export const CONTESTANTS = [
  "bare",
  "bare-postgres",
  "millrace",
  "plainjob",
  "bullmq",
  "graphile-worker",
  "pg-boss",
] as const;

export type ContestantName = (typeof CONTESTANTS)[number];

/** What a child process is asked to measure. Goes to it as JSON. */
export interface Task {
  /** A key of `MEASURES` in child.ts. */
  readonly measure: string;
  readonly contestant: ContestantName;
  readonly variant: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly folder: string;
  readonly redisPort: number | null;
  readonly postgres: PostgresPlace | null;
  /** At most so many connections to its database, in each process; as many as the contestant likes unless given. */
  readonly connections?: number;
}

/** What it answers: figures by name, the unit at the end of the name. */
export type Figures = Readonly<Record<string, number>>;

export type Measure = (task: Task) => Promise<Figures>;

/** A count that the task must have. */
export function countOf(task: Task, name: string): number {
  const count = task.counts[name];
  if (count === undefined) throw new Error(`the measure "${task.measure}" needs the count "${name}"`);
  return count;
}
