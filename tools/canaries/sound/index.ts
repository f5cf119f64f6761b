export type { Job } from "./core/job.ts";
export { openStore } from "./open-store.ts";
export { run } from "./runtime/worker.ts";
