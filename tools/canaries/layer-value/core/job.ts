import { run } from "../runtime/worker.ts";

export const job = run;
