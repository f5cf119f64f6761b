import { CPU, PER_SECOND, QUANTILES, type Row, type Scenario, type Size } from "../scenario.ts";
import { GRAPHILE, MILLRACE_PG, PG_BOSS_NOTIFY } from "./peers.ts";
import { concurrencyOf } from "./postgres-throughput.ts";

type Setup = typeof MILLRACE_PG;

export function pinnedRow(setup: Setup, isPinned: boolean): string {
  return isPinned ? `${setup.name}, a transaction left open` : setup.name;
}

/** Jobs a second that are offered; each of those who are asked can do so many on an idle machine of two cores. */
const OFFERED = 4_000;

export function pinned(size: Size): Scenario {
  const row = (setup: Setup, isPinned: boolean): Row => ({
    ...setup,
    name: pinnedRow(setup, isPinned),
    measure: "pinned",
    counts: {
      seconds: size.pinnedSeconds,
      offered: OFFERED,
      concurrency: concurrencyOf(setup),
      pinned: Number(isPinned),
    },
    // A minute and more each.
    maxRounds: 3,
  });
  return {
    name: "pg-pinned",
    title: `PostgreSQL: ${OFFERED} jobs a second for ${size.pinnedSeconds} s, beside a transaction left open`,
    note: "Vacuum removes nothing that was there when the oldest open transaction began. Counted in the last half.",
    columns: [PER_SECOND, ...QUANTILES, { figure: "behind", title: "waiting at the end", digits: 0 }, CPU],
    isMoreBetter: true,
    rows: [MILLRACE_PG, GRAPHILE, PG_BOSS_NOTIFY].flatMap((setup) => [row(setup, false), row(setup, true)]),
  };
}
