import { claimAndSettle } from "./claim-and-settle.ts";
import { enqueueMany, enqueueOne, type Play, type Stage } from "./stage.ts";
import { workOff } from "./work-off.ts";

/** Something that is done to a number of jobs. What it costs is divided by that number. */
export interface Act {
  readonly name: string;
  readonly jobs: number;
  /** Whether what it costs depends a little on which of two answers comes first. */
  readonly isLoose?: boolean;
  readonly open: (stage: Stage, jobs: number) => Play | Promise<Play>;
}

/** Calls of `perCall` jobs, one after the other. */
function calls(perCall: number, call: (stage: Stage) => Promise<unknown>): Act["open"] {
  return (stage, jobs) => ({
    run: async () => {
      for (let i = 0; i < jobs; i += perCall) await call(stage);
    },
  });
}

/** All that is counted, in the order of the table. */
export const ACTS: readonly Act[] = [
  { name: "enqueue one by one", jobs: 100, open: calls(1, enqueueOne) },
  {
    name: "enqueue 100 in parallel",
    jobs: 1_000,
    open: calls(100, (stage) => Promise.all(Array.from({ length: 100 }, () => enqueueOne(stage)))),
  },
  { name: "enqueue 1000 in one call", jobs: 2_000, open: calls(1_000, (stage) => enqueueMany(stage, 1_000)) },
  { name: "claim one and settle it", jobs: 100, open: (stage, jobs) => claimAndSettle(stage, jobs, 1) },
  { name: "claim 100 and settle them", jobs: 1_000, open: (stage, jobs) => claimAndSettle(stage, jobs, 100) },
  {
    name: "a worker is idle when a job comes",
    jobs: 60,
    isLoose: true,
    open: (stage, jobs) => workOff(stage, jobs, 1),
  },
  {
    name: "a worker is given 1000 jobs at a time",
    jobs: 2_000,
    isLoose: true,
    open: (stage, jobs) => workOff(stage, jobs, 1_000),
  },
];
