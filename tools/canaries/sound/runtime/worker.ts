import type { Job } from "../core/job.ts";

export const run = (job: Job): Job => job;
