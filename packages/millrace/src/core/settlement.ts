import type { JobError } from "./job-error.ts";
import type { LeaseRef } from "./lease.ts";
import type { FinalState } from "./states.ts";

/** Where a ticket goes when its attempt ends. Stores carry it out and decide nothing. */
export type Move =
  | {
      readonly to: "done";
      readonly state: FinalState;
      /** JSON text; `null` unless completed. */
      readonly result: string | null;
      readonly error: JobError | null;
      /** Why it was cancelled. */
      readonly reason: string | null;
    }
  | {
      readonly to: "scheduled";
      readonly ending: "failed" | "snoozed";
      readonly delayMs: number;
      readonly error: JobError | null;
    }
  | { readonly to: "ready"; readonly ending: "released" | "lost"; readonly error: JobError | null };

/** The end of an attempt, guarded by job and token. */
export interface Settlement extends LeaseRef {
  readonly move: Move;
}

/** True when the attempt was used up; a snoozed or released one is given back. */
export function countsAttempt(move: Move): boolean {
  return move.to === "done" || move.ending === "failed" || move.ending === "lost";
}
