import type { Worker } from "../runtime/worker.ts";

export type Job = Worker;
