import { CPU, PEAK_MEMORY, PER_SECOND, scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import type { ContestantName } from "../task.ts";
import { BARE, BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "./peers.ts";

/** What each does best with, tried out. */
const BEST_CONCURRENCY: Partial<Record<ContestantName, number>> = { millrace: 100, bullmq: 200 };

function concurrencyOf({ contestant }: typeof MILLRACE): number {
  return BEST_CONCURRENCY[contestant] ?? 1;
}

/** No-ops that wait in the queue before the worker starts. */
export function processing(size: Size): Scenario {
  const jobs = scaled(size, 200_000, 2_000);
  const row = (setup: typeof MILLRACE, count: number): Row => ({
    ...setup,
    measure: "process",
    counts: { jobs: count, concurrency: concurrencyOf(setup) },
  });
  // One job, one commit: the rate does not depend on their number, so fewer do.
  const fewer = scaled(size, 40_000, 1_000);
  return {
    name: "process",
    title: `Process ${jobs} queued no-ops in one process`,
    note: `BullMQ's CPU time includes that of its Redis. BullMQ and plainjob with FULL, which commit job by job, are given ${fewer} jobs.`,
    columns: [PER_SECOND, CPU, PEAK_MEMORY],
    isMoreBetter: true,
    baseline: MILLRACE.name,
    rows: [
      row(BARE, jobs),
      row(MILLRACE, jobs),
      row(PLAINJOB, jobs),
      row(PLAINJOB_FULL, fewer),
      row(BULLMQ, fewer),
      row(BULLMQ_ALWAYS, fewer),
    ],
  };
}

/** Jobs that take a millisecond of waiting, and as many at once as asked for. */
export function steady(size: Size): readonly Scenario[] {
  const concurrencies = size.isQuick ? [64] : [16, 64, 256];
  return concurrencies.map((concurrency): Scenario => {
    const row = (setup: typeof MILLRACE, perSlot: number, priorities = 1): Row => ({
      ...setup,
      measure: "process",
      counts: { jobs: scaled(size, perSlot * concurrency, 300), concurrency, priorities, jobMs: 1 },
    });
    return {
      name: `steady-${concurrency}`,
      title: `Jobs of 1 ms, ${concurrency} at once`,
      note: "The job is a timer of 1 ms, which fires after 1 to 2 ms.",
      columns: [PER_SECOND, CPU],
      isMoreBetter: true,
      baseline: MILLRACE.name,
      rows: [
        row(MILLRACE, 600),
        row({ ...MILLRACE, name: "Millrace, 10 priorities mixed" }, 600, 10),
        row(PLAINJOB, 150),
        row(BULLMQ, 150),
        row({ ...BULLMQ, name: `${BULLMQ.name}, 10 priorities mixed` }, 150, 10),
        row(BULLMQ_ALWAYS, 150),
      ],
    };
  });
}

/** Several processes on one queue. */
export function crews(size: Size): Scenario {
  const row = (setup: typeof MILLRACE, processes: number, jobs: number): Row => ({
    ...setup,
    name: `${setup.name}, ${processes} ${processes === 1 ? "process" : "processes"}`,
    measure: "crew",
    counts: { jobs: scaled(size, jobs, 2_000), processes, concurrency: concurrencyOf(setup) },
  });
  const sizes = size.isQuick ? [1, 2] : [1, 2, 4];
  return {
    name: "crew",
    title: "Several processes on one file",
    columns: [PER_SECOND, CPU, { figure: "smallestSharePercent", title: "smallest share %", digits: 0 }],
    isMoreBetter: true,
    baseline: `${MILLRACE.name}, 1 process`,
    rows: [
      ...sizes.map((processes) => row(MILLRACE, processes, 200_000)),
      ...sizes.map((processes) => row(PLAINJOB, processes, 40_000)),
    ],
  };
}
