import type { Job } from "./job.ts";

export interface Lease {
  readonly job: Job;
}
