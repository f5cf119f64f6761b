import { CPU, QUANTILES, type Row, type Scenario, type Size } from "../scenario.ts";
import { BULLMQ, BULLMQ_PG, GRAPHILE_PLAIN, MILLRACE, MILLRACE_PG, PG_BOSS_NOTIFY } from "./peers.ts";

type Setup = typeof MILLRACE;

/** A hundred workers in all. */
const PROCESSES = 4;
const WORKERS_EACH = 25;
const FEW = 10;
const PACE_MS = 50;

/** A hundred workers, and a few jobs now and then. */
export function contention(size: Size): Scenario {
  return scenarioOf(size, "contention", "SQLite: 100 workers wait, 10 jobs come every 50 ms", [MILLRACE, BULLMQ]);
}

export function contentionOnPostgres(size: Size): Scenario {
  const setups = [MILLRACE_PG, GRAPHILE_PLAIN, PG_BOSS_NOTIFY, BULLMQ_PG];
  return scenarioOf(size, "pg-contention", "PostgreSQL: 100 workers wait, 10 jobs come every 50 ms", setups);
}

function scenarioOf(size: Size, name: string, title: string, setups: readonly Setup[]): Scenario {
  const row = (setup: Setup): Row => {
    // Where a slot claims for itself, it is a worker; a connection of its own for each would be more than the server has.
    const isOurs = setup.contestant === "millrace";
    return {
      ...setup,
      measure: "contention",
      counts: {
        rounds: Math.max(5, Math.round(200 * size.scale)),
        few: FEW,
        paceMs: PACE_MS,
        processes: PROCESSES,
        workers: isOurs ? WORKERS_EACH : 1,
        slots: isOurs ? 1 : WORKERS_EACH,
      },
    };
  };
  return {
    name,
    title,
    note: `${PROCESSES} processes with ${WORKERS_EACH} workers of one slot each; for the others, with ${WORKERS_EACH} slots that claim for themselves. From the call of enqueue to the start of the handler. CPU time includes that of those who look in vain.`,
    columns: [...QUANTILES, CPU],
    isMoreBetter: false,
    baseline: setups[0]?.name ?? "",
    rows: setups.map(row),
  };
}
