/** A worker that has registered and was heard of not long ago. */
export interface WorkerInfo {
  readonly id: string;
  readonly name: string;
  readonly host: string | null;
  readonly pid: number | null;
  readonly queues: readonly string[] | null;
  readonly labels: readonly string[];
  readonly concurrency: number;
  readonly running: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
}
