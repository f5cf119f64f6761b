import type { JobId } from "../../src/core/job.ts";

/** What the parent asks of a child. Every request is answered by one message. */
export type Task =
  /** Open the store and get ready; answered when nothing is left to do but to begin. `isUnguarded` opens a broken one. */
  | { readonly task: "open"; readonly url: string; readonly connections: number; readonly isUnguarded?: boolean }
  /** So many workers, each claiming one job at a time until it finds none. */
  | { readonly task: "claim"; readonly workers: readonly string[] }
  /** So many enqueues into one scope, each a call of its own, `parallel` of them at a time. */
  | { readonly task: "enqueue"; readonly jobs: number; readonly parallel: number }
  /** Enqueue without end, telling of each job once the store has acknowledged it. */
  | { readonly task: "enqueue-until-killed" }
  | { readonly task: "close" };

export type Answer =
  | { readonly type: "started" }
  | { readonly type: "done"; readonly claimed?: readonly Claimed[]; readonly numbers?: readonly number[] }
  | { readonly type: "acknowledged"; readonly id: JobId }
  | { readonly type: "error"; readonly text: string };

export interface Claimed {
  readonly job: JobId;
  readonly worker: string;
  readonly token: number;
}
