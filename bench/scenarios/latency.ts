import { CPU, PER_SECOND, QUANTILES, scaled, type Row, type Scenario, type Size } from "../scenario.ts";
import { BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "./peers.ts";

const PACE_MS = 5;

/** From enqueue to the handler, with nothing else to do. */
export function latency(size: Size): Scenario {
  const row = (setup: typeof MILLRACE, measure = "latency"): Row => ({
    ...setup,
    name: measure === "latency" ? setup.name : `${setup.name}, worker in another process`,
    measure,
    counts: {
      jobs: scaled(size, 2_000),
      warmUp: size.isQuick ? 10 : 100,
      paceMs: PACE_MS,
      concurrency: setup.contestant === "plainjob" ? 1 : 10,
    },
  });
  return {
    name: "latency",
    title: "From the call of enqueue to the start of the handler, on an idle system",
    note: `One job every ${PACE_MS} ms. plainjob has no wake-up; it polls every millisecond here, every second unless told to.`,
    columns: QUANTILES,
    isMoreBetter: false,
    baseline: MILLRACE.name,
    rows: [
      row(MILLRACE),
      row(MILLRACE, "latency-across"),
      row(PLAINJOB),
      row(PLAINJOB_FULL),
      row(BULLMQ),
      row(BULLMQ_ALWAYS),
    ],
  };
}

/** What a number costs where everybody wants the next one. */
export function numbering(size: Size): Scenario {
  const row = (processes: number, numbered: 0 | 1): Row => ({
    ...MILLRACE,
    name: numberingRow(processes, numbered === 1),
    measure: processes === 1 ? "numbering" : "numbering-crew",
    counts: { jobs: scaled(size, processes === 1 ? 120_000 : 60_000, 2_000), writers: 120, processes, numbered },
  });
  return {
    name: "numbering",
    title: "120 writers on one scope",
    columns: [...QUANTILES, PER_SECOND, CPU],
    isMoreBetter: false,
    rows: [row(1, 1), row(1, 0), row(4, 1), row(4, 0)],
  };
}

export function numberingRow(processes: number, isNumbered: boolean): string {
  return `${processes === 1 ? "one process" : `${processes} processes`}, ${isNumbered ? "numbered" : "not numbered"}`;
}
