export type { Job as Self } from "./job.ts";

export type Job = string;
