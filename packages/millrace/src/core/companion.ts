import type { LeaseRef } from "./lease.ts";

/** What travels beside a job, for its attempts alone; gone in the commit in which the job ends. */
export interface Companion {
  /** Its secrets, encrypted. */
  readonly sealed: string | null;
  /** The trace in which it was enqueued, as a W3C `traceparent`. */
  readonly trace: string | null;
}

export interface CompanionStore {
  /** In order; `null` for a job that has none, and for a lease that is gone. */
  companions(leases: readonly LeaseRef[]): Promise<readonly (Companion | null)[]>;
}
