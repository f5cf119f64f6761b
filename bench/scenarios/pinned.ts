import { CPU, PER_SECOND, QUANTILES, type Row, type Scenario, type Size } from "../scenario.ts";
import { GRAPHILE, MILLRACE_PG, PG_BOSS_NOTIFY } from "./peers.ts";
import { concurrencyOf } from "./postgres-throughput.ts";

type Setup = typeof MILLRACE_PG;

/** Analysts who read for as long as it takes. */
const READERS = 4;

export function pinnedRow(setup: Setup, isPinned: boolean, readers = 0): string {
  const beside = [...(isPinned ? ["a transaction left open"] : []), ...(readers === 0 ? [] : [`${readers} readers`])];
  return [setup.name, ...beside].join(", ");
}

/** Jobs a second that are offered; each of those who are asked can do so many on an idle machine of two cores. */
const OFFERED = 4_000;

export function pinned(size: Size): Scenario {
  const row = (setup: Setup, isPinned: boolean, readers = 0): Row => ({
    ...setup,
    name: pinnedRow(setup, isPinned, readers),
    measure: "pinned",
    counts: {
      seconds: size.pinnedSeconds,
      offered: OFFERED,
      concurrency: concurrencyOf(setup),
      pinned: Number(isPinned),
      readers,
    },
    // A minute and more each.
    maxRounds: 3,
  });
  return {
    name: "pg-pinned",
    title: `PostgreSQL: ${OFFERED} jobs a second for ${size.pinnedSeconds} s, beside a transaction left open`,
    note: `Vacuum removes nothing that was there when the oldest open transaction began. Each of the ${READERS} readers reads all tables through, again and again, on the snapshot that it began with, a tenth of the time. Counted in the last half.`,
    columns: [PER_SECOND, ...QUANTILES, { figure: "behind", title: "waiting at the end", digits: 0 }, CPU],
    isMoreBetter: true,
    rows: [MILLRACE_PG, GRAPHILE, PG_BOSS_NOTIFY].flatMap((setup) => [
      row(setup, false),
      row(setup, true),
      row(setup, true, READERS),
    ]),
  };
}
