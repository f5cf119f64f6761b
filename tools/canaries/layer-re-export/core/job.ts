export type { Worker } from "../runtime/worker.ts";
