import type { Column, Row, Scenario, Size } from "../scenario.ts";
import { FAULTS } from "../measures/recovery-ground.ts";
import { GRAPHILE, MILLRACE, MILLRACE_PG, PG_BOSS_NOTIFY } from "./peers.ts";

type Setup = typeof MILLRACE;

const SHORT_LEASES: Pick<Setup, "name" | "variant"> = { name: "Millrace, leases of 5 s", variant: "short leases" };

const COLUMNS: readonly [Column, ...Column[]] = [
  { figure: "allMs", title: "ms until all from before have run", digits: 0 },
  { figure: "firstMs", title: "ms until a job starts", digits: 0 },
  { figure: "missing", title: "never run", digits: 0 },
  { figure: "repeated", title: "run again", digits: 0 },
];

const WHAT: Readonly<Record<keyof typeof FAULTS, string>> = {
  kill: "the worker's process is killed, and another one started",
  restart: "the server is shut down and started again",
  "backend-kill": "the server ends all connections",
};

/** How long it takes after a mishap until all is as if nothing had happened. */
export function recovery(size: Size): Scenario {
  return scenarioOf(size, "recovery-kill", "SQLite", "kill", [MILLRACE, { ...MILLRACE, ...SHORT_LEASES }]);
}

export function recoveryOnPostgres(size: Size): readonly Scenario[] {
  const setups = [MILLRACE_PG, GRAPHILE, PG_BOSS_NOTIFY];
  return [
    scenarioOf(size, "pg-recovery-kill", "PostgreSQL", "kill", [...setups, { ...MILLRACE_PG, ...SHORT_LEASES }]),
    scenarioOf(size, "pg-recovery-restart", "PostgreSQL", "restart", setups),
    scenarioOf(size, "pg-recovery-backends", "PostgreSQL", "backend-kill", setups),
  ];
}

function scenarioOf(
  size: Size,
  name: string,
  store: string,
  fault: keyof typeof FAULTS,
  setups: readonly Setup[],
): Scenario {
  const patienceMs = size.isQuick ? 4_000 : 60_000;
  const counts = {
    fault: FAULTS[fault],
    offered: 500,
    jobMs: 20,
    concurrency: 50,
    beforeMs: size.isQuick ? 500 : 3_000,
    afterMs: size.isQuick ? 500 : 3_000,
    patienceMs,
  };
  return {
    name,
    title: `${store}: ${WHAT[fault]}`,
    note: `500 jobs of 20 ms a second are enqueued before, meanwhile and for ${counts.afterMs / 1_000} s after; then it is waited for all to have run, for ${patienceMs / 1_000} s at most. What the dead process held comes back when its lease, or what each has in its place, runs out; all with their own defaults.`,
    columns: COLUMNS,
    isMoreBetter: false,
    rows: setups.map((setup): Row => ({ ...setup, measure: "recovery", counts, maxRounds: 3 })),
  };
}
