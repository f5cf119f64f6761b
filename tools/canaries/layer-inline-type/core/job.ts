export type Job = import("../runtime/worker.ts").Worker;
