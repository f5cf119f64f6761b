import type { JobId } from "./job.ts";

/** What names one claim of one job: the right to write about it. */
export interface LeaseRef {
  readonly job: JobId;
  /** The fencing token. Every claim of a job gets a higher one than the claim before; nothing lowers it. */
  readonly token: number;
}

/** A claim, as the claimer sees it. */
export interface Lease extends LeaseRef {
  readonly attempt: number;
  /** By the store's clock. A worker's own clock may only make it stop earlier. */
  readonly expiresAt: Date;
}

export const DEFAULT_LEASE_MS = 30_000;
export const DEFAULT_HEARTBEAT_MS = 10_000;
/** How long a running job may go on after its cancellation was accepted. */
export const DEFAULT_CANCEL_GRACE_MS = 30_000;
