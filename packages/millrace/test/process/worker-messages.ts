import type { JobId, WorkerStats } from "millrace";

/** What the program of a worker is started with. */
export interface WorkerInput {
  readonly url: string;
  readonly concurrency?: number;
  readonly leaseMs?: number;
  readonly heartbeatMs?: number;
  readonly stopGraceMs?: number;
  readonly abortGraceMs?: number;
  /** Do not wait for the start before SIGTERM is obeyed: stop at once, while it starts. */
  readonly stopsWhileStarting?: boolean;
}

export type FromWorker =
  | { readonly type: "started" }
  /** A handler has begun. */
  | { readonly type: "running"; readonly job: JobId; readonly token: number }
  /** The signal of a handler has fired. */
  | { readonly type: "aborted"; readonly job: JobId; readonly reason: string }
  /** It was told to end, and claims no more. */
  | { readonly type: "stopping" }
  | ({ readonly type: "stats" } & WorkerStats);

export type ToWorker =
  /** Let the handlers that stand return. */
  | { readonly type: "finish" }
  /** Answered with `stats`. */
  | { readonly type: "tell" };
