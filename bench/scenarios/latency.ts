import { CPU, PER_SECOND, QUANTILES, scaled, type Column, type Row, type Scenario, type Size } from "../scenario.ts";
import { BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "./peers.ts";

type Setup = typeof MILLRACE;

interface LatencyTable {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  /** From one job to the next, so long that the slowest of them has nothing left to do. */
  readonly paceMs: number;
  readonly jobs: number;
  /** Each in one process; those that are in `across` with the worker in another, too. */
  readonly rows: readonly Setup[];
  readonly across: readonly Setup[];
}

export function acrossRow(setup: Setup): string {
  return `${setup.name}, worker in another process`;
}

/** From enqueue to the handler, with nothing else to do. */
export function latencyScenario(size: Size, table: LatencyTable): Scenario {
  const { name, title, note, paceMs, rows, across } = table;
  const counts = { jobs: scaled(size, table.jobs), warmUp: size.isQuick ? 10 : 100, paceMs };
  const row = (setup: Setup, measure: string): Row => ({
    ...setup,
    name: measure === "latency" ? setup.name : acrossRow(setup),
    measure,
    counts: { ...counts, concurrency: setup.contestant === "plainjob" ? 1 : 10 },
  });
  return {
    name,
    title,
    note: [`One job every ${paceMs} ms.`, ...(note === undefined ? [] : [note])].join(" "),
    columns: QUANTILES,
    isMoreBetter: false,
    ...(rows[0] === undefined ? {} : { baseline: rows[0].name }),
    rows: rows.flatMap((setup) => [
      row(setup, "latency"),
      ...(across.includes(setup) ? [row(setup, "latency-across")] : []),
    ]),
  };
}

/** Where a slot less would be a slot too few, and more gain nothing. */
function concurrencyOf(setup: Setup): number {
  if (setup.contestant === "pg-boss") return 400;
  return setup.contestant === "graphile-worker" ? 24 : 100;
}

export function latency(size: Size): Scenario {
  return latencyScenario(size, {
    name: "latency",
    title: "From the call of enqueue to the start of the handler, on an idle system",
    paceMs: 5,
    jobs: 2_000,
    note: "plainjob has no wake-up; it polls every millisecond here, every second unless told to.",
    rows: [MILLRACE, PLAINJOB, PLAINJOB_FULL, BULLMQ, BULLMQ_ALWAYS],
    across: [MILLRACE],
  });
}

const LOAD: Column = { figure: "loadPerSecond", title: "load, jobs/s", digits: 0 };

/** From enqueue to the handler, while half of what the system can do is done. */
export function latencyAtHalfLoad(size: Size, table: Pick<LatencyTable, "name" | "title" | "rows">): Scenario {
  const { name, title, rows } = table;
  const counts = {
    jobs: scaled(size, 2_000),
    warmUp: size.isQuick ? 10 : 100,
    paceMs: 10,
    calibrateMs: Math.max(600, Math.min(6_000, 6_000 * size.scale)),
  };
  return {
    name,
    title,
    note: "The load is half of the jobs a second that each enqueued and ran right before, in calls of a hundred. Beside it comes one job every 10 ms; counted from when it is due.",
    columns: [...QUANTILES, LOAD],
    isMoreBetter: false,
    ...(rows[0] === undefined ? {} : { baseline: rows[0].name }),
    rows: rows.map((setup): Row => ({
      ...setup,
      measure: "latency-loaded",
      counts: { ...counts, concurrency: setup.contestant === "plainjob" ? 1 : concurrencyOf(setup) },
    })),
  };
}

/** What a number costs where everybody wants the next one. */
export function numberingScenario(size: Size, setup: Setup, name: string, title: string): Scenario {
  const row = (processes: number, numbered: 0 | 1): Row => ({
    ...setup,
    name: numberingRow(processes, numbered === 1),
    measure: processes === 1 ? "numbering" : "numbering-crew",
    counts: { jobs: scaled(size, processes === 1 ? 120_000 : 60_000, 2_000), writers: 120, processes, numbered },
  });
  return {
    name,
    title,
    columns: [...QUANTILES, PER_SECOND, CPU],
    isMoreBetter: false,
    rows: [row(1, 1), row(1, 0), row(4, 1), row(4, 0)],
  };
}

export function numbering(size: Size): Scenario {
  return numberingScenario(size, MILLRACE, "numbering", "120 writers on one scope");
}

export function numberingRow(processes: number, isNumbered: boolean): string {
  return `${processes === 1 ? "one process" : `${processes} processes`}, ${isNumbered ? "numbered" : "not numbered"}`;
}
