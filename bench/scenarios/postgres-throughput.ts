import {
  CPU,
  PEAK_MEMORY,
  PER_SECOND,
  scaled,
  SERVER_CPU,
  WAL,
  type Row,
  type Scenario,
  type Size,
} from "../scenario.ts";
import {
  BARE_PG,
  BARE_PG_SEPARATE,
  BULLMQ_PG,
  GRAPHILE,
  GRAPHILE_PLAIN,
  MILLRACE_PG,
  PG_BOSS,
  PG_BOSS_NOTIFY,
} from "./peers.ts";

type Setup = typeof MILLRACE_PG;

/** Jobs at the same time that each does most with, tried out; 24 is what graphile-worker's own page has. */
const BEST_CONCURRENCY: ReadonlyMap<Setup, number> = new Map([
  [MILLRACE_PG, 100],
  [BARE_PG, 1],
  [BARE_PG_SEPARATE, 1],
  [GRAPHILE, 24],
  [GRAPHILE_PLAIN, 24],
  [PG_BOSS, 2_000],
  [PG_BOSS_NOTIFY, 400],
  [BULLMQ_PG, 32],
]);

export function concurrencyOf(setup: Setup): number {
  return BEST_CONCURRENCY.get(setup) ?? 1;
}

export function processingOnPostgres(size: Size): Scenario {
  const jobs = scaled(size, 200_000, 2_000);
  // One job, one commit: the rate does not depend on their number, so fewer do.
  const fewer = scaled(size, 20_000, 500);
  const row = (setup: Setup, count = jobs): Row => ({
    ...setup,
    measure: "process",
    counts: { jobs: count, concurrency: concurrencyOf(setup) },
  });
  return {
    name: "pg-process",
    title: `PostgreSQL: process ${jobs} queued no-ops in one process`,
    note: `CPU time includes that of the server. BullMQ and graphile-worker without batching, which commit job by job, are given ${fewer} jobs.`,
    columns: [PER_SECOND, CPU, SERVER_CPU, WAL, PEAK_MEMORY],
    isMoreBetter: true,
    baseline: MILLRACE_PG.name,
    rows: [
      row(BARE_PG),
      row(BARE_PG_SEPARATE),
      row(MILLRACE_PG),
      row(GRAPHILE),
      row(GRAPHILE_PLAIN, fewer),
      row(PG_BOSS),
      row(BULLMQ_PG, fewer),
    ],
  };
}

export function crewRow(setup: Setup, processes: number): string {
  return `${setup.name}, ${processes} ${processes === 1 ? "process" : "processes"}`;
}

/** As many as the target names. */
export const CREW = 4;
const CREW_SIZES = [1, 2, CREW];

export function crewsOnPostgres(size: Size): Scenario {
  const jobs = scaled(size, 200_000, 4_000);
  const row = (setup: Setup, processes: number): Row => ({
    ...setup,
    name: crewRow(setup, processes),
    measure: "crew",
    counts: { jobs, processes, concurrency: concurrencyOf(setup) },
  });
  return {
    name: "pg-crew",
    title: `PostgreSQL: ${jobs} queued no-ops, several processes on one database`,
    columns: [PER_SECOND, CPU, { figure: "smallestSharePercent", title: "smallest share %", digits: 0 }],
    isMoreBetter: true,
    baseline: crewRow(MILLRACE_PG, 1),
    rows: [BARE_PG, MILLRACE_PG, GRAPHILE, PG_BOSS].flatMap((setup) => CREW_SIZES.map((count) => row(setup, count))),
  };
}

const STEADY_CONCURRENCIES = [16, 64, 256];
const PRIORITIES = 10;

/** Jobs that take a millisecond of waiting, and as many at once as asked for. */
export function steadyOnPostgres(size: Size): readonly Scenario[] {
  const concurrencies = size.isQuick ? [256] : STEADY_CONCURRENCIES;
  return concurrencies.map((concurrency): Scenario => {
    // Of each slot, so that a run takes as long whatever their number.
    const row = (setup: Setup, perSlot: number, priorities = 1): Row => ({
      ...setup,
      name: priorities === 1 ? setup.name : `${setup.name}, ${priorities} priorities mixed`,
      measure: "process",
      counts: { jobs: scaled(size, perSlot * concurrency, 1_000), concurrency, priorities, jobMs: 1 },
    });
    return {
      name: `pg-steady-${concurrency}`,
      title: `PostgreSQL: jobs of 1 ms, ${concurrency} at once`,
      note: "The job is a timer of 1 ms, which fires after 1 to 2 ms.",
      columns: [PER_SECOND, CPU, SERVER_CPU, WAL],
      isMoreBetter: true,
      baseline: MILLRACE_PG.name,
      rows: [
        row(MILLRACE_PG, 600),
        row(MILLRACE_PG, 600, PRIORITIES),
        row(GRAPHILE, 400),
        row(GRAPHILE, 400, PRIORITIES),
        row(PG_BOSS, 240),
        row(PG_BOSS, 240, PRIORITIES),
        row(BULLMQ_PG, 60),
        row(BULLMQ_PG, 60, PRIORITIES),
      ],
    };
  });
}
