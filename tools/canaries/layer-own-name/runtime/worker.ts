import type { Job } from "millrace";

export type Held = Job;
