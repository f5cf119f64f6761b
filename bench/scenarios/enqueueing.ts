import { CPU, PER_SECOND, scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import { BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "./peers.ts";

type Setup = typeof MILLRACE;
type Line = readonly [setup: Setup, jobs: number];

interface Way {
  readonly name: string;
  readonly title: string;
  readonly callers: number;
  readonly perCall: number;
  /** Whether each is part of a transaction of the caller, which writes a row of its own. */
  readonly isWithin?: boolean;
  readonly lines: readonly Line[];
}

/** Each way to enqueue, and those who have it, with as many jobs as they do in some seconds. */
const WAYS: readonly Way[] = [
  {
    name: "enqueue-1",
    title: "Enqueue one by one, each awaited",
    callers: 1,
    perCall: 0,
    lines: [
      [MILLRACE, 4_000],
      [PLAINJOB, 40_000],
      [PLAINJOB_FULL, 4_000],
      [BULLMQ, 10_000],
      [BULLMQ_ALWAYS, 4_000],
    ],
  },
  {
    name: "enqueue-100",
    title: "Enqueue by 100 callers, each waiting for its answer",
    callers: 100,
    perCall: 0,
    lines: [
      [MILLRACE, 100_000],
      [BULLMQ, 40_000],
      [BULLMQ_ALWAYS, 40_000],
    ],
  },
  {
    name: "enqueue-1000",
    title: "Enqueue by 1000 callers, each waiting for its answer",
    callers: 1_000,
    perCall: 0,
    lines: [
      [MILLRACE, 200_000],
      [BULLMQ, 40_000],
      [BULLMQ_ALWAYS, 40_000],
    ],
  },
  {
    name: "enqueue-many",
    title: "Enqueue in calls of 1000",
    callers: 1,
    perCall: 1_000,
    lines: [
      [MILLRACE, 200_000],
      [PLAINJOB, 200_000],
      [PLAINJOB_FULL, 200_000],
      [BULLMQ, 60_000],
      [BULLMQ_ALWAYS, 60_000],
    ],
  },
  {
    name: "enqueue-huge",
    title: "Enqueue 100 000 jobs in one call",
    callers: 1,
    perCall: 100_000,
    lines: [
      [MILLRACE, 100_000],
      [PLAINJOB, 100_000],
      [PLAINJOB_FULL, 100_000],
    ],
  },
  {
    name: "enqueue-tx",
    title: "Enqueue in a transaction of the caller, with a row of its own, one by one",
    callers: 1,
    perCall: 0,
    isWithin: true,
    lines: [
      [MILLRACE, 4_000],
      [PLAINJOB, 20_000],
      [PLAINJOB_FULL, 4_000],
    ],
  },
];

export function enqueueing(size: Size): readonly Scenario[] {
  return WAYS.map((way): Scenario => ({
    name: way.name,
    title: size.scale === 1 ? way.title : `${way.title}; the number of jobs × ${size.scale}`,
    note: "Millrace numbers every job; its peers number nothing.",
    columns: [
      PER_SECOND,
      CPU,
      { figure: "p50Ms", title: "p50 ms a call", digits: 2 },
      { figure: "p99Ms", title: "p99", digits: 2 },
    ],
    isMoreBetter: true,
    baseline: MILLRACE.name,
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
