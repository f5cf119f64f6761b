import { CPU, PER_SECOND, scaled, SERVER_CPU, WAL, type Row, type Scenario, type Size } from "../scenario.ts";
import { BARE_PG, BULLMQ_PG, GRAPHILE, MILLRACE_PG, PG_BOSS } from "./peers.ts";

type Setup = typeof MILLRACE_PG;

interface Way {
  readonly name: string;
  readonly title: string;
  readonly callers: number;
  readonly perCall: number;
  /** Whether each is part of a transaction of the caller, which writes a row of its own. */
  readonly isWithin?: boolean;
  readonly lines: readonly (readonly [setup: Setup, jobs: number])[];
}

const BULK: Way["lines"] = [
  [BARE_PG, 200_000],
  [MILLRACE_PG, 200_000],
  [GRAPHILE, 100_000],
  [PG_BOSS, 100_000],
  [BULLMQ_PG, 60_000],
];
/** One job, one statement, one commit. */
const SINGLE: Way["lines"] = [
  [MILLRACE_PG, 6_000],
  [GRAPHILE, 6_000],
  [PG_BOSS, 6_000],
];
const WAYS: readonly Way[] = [
  {
    name: "pg-enqueue-1",
    title: "enqueue one by one, each awaited",
    callers: 1,
    perCall: 0,
    lines: [...SINGLE, [BULLMQ_PG, 6_000]],
  },
  { name: "pg-enqueue-many", title: "enqueue in calls of 1000", callers: 1, perCall: 1_000, lines: BULK },
  {
    name: "pg-enqueue-many-4",
    title: "enqueue in calls of 1000, 4 callers",
    callers: 4,
    perCall: 1_000,
    lines: BULK,
  },
  {
    name: "pg-enqueue-huge",
    title: "enqueue 100 000 jobs in one call",
    callers: 1,
    perCall: 100_000,
    lines: BULK.map(([setup]) => [setup, 100_000]),
  },
  {
    name: "pg-enqueue-100",
    title: "enqueue by 100 callers, each waiting for its answer",
    callers: 100,
    perCall: 0,
    lines: [
      [MILLRACE_PG, 60_000],
      [GRAPHILE, 6_000],
      [PG_BOSS, 6_000],
      [BULLMQ_PG, 6_000],
    ],
  },
  {
    name: "pg-enqueue-1000",
    title: "enqueue by 1000 callers, each waiting for its answer",
    callers: 1_000,
    perCall: 0,
    lines: [
      [MILLRACE_PG, 100_000],
      [GRAPHILE, 6_000],
      [PG_BOSS, 6_000],
      [BULLMQ_PG, 6_000],
    ],
  },
  {
    name: "pg-enqueue-tx-1",
    title: "enqueue in a transaction of the caller, with a row of its own, one by one",
    callers: 1,
    perCall: 0,
    isWithin: true,
    lines: SINGLE,
  },
  {
    name: "pg-enqueue-tx-16",
    title: "enqueue in transactions of 16 callers, each with a row of its own",
    callers: 16,
    perCall: 0,
    isWithin: true,
    lines: SINGLE,
  },
];

export function enqueueingOnPostgres(size: Size): readonly Scenario[] {
  return WAYS.map((way): Scenario => ({
    name: way.name,
    title: `PostgreSQL: ${way.title}${size.scale === 1 ? "" : `; the number of jobs × ${size.scale}`}`,
    note: "Millrace and the bare loop number every job; the others number nothing.",
    columns: [
      PER_SECOND,
      CPU,
      SERVER_CPU,
      { figure: "p50Ms", title: "p50 ms a call", digits: 2 },
      { figure: "p99Ms", title: "p99", digits: 2 },
      WAL,
    ],
    isMoreBetter: true,
    baseline: MILLRACE_PG.name,
    rows: way.lines.map(([setup, jobs]): Row => ({
      ...setup,
      measure: "enqueue",
      counts: {
        jobs: scaled(size, jobs, 1_000),
        callers: way.callers,
        perCall: way.perCall,
        within: Number(way.isWithin === true),
      },
    })),
  }));
}
