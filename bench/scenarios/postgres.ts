import type { Scenario, Size } from "../scenario.ts";
import { overHttpOnPostgres } from "./http.ts";
import { contentionOnPostgres } from "./contention.ts";
import { diskOnPostgres } from "./disk.ts";
import { latencyAtHalfLoad, latencyScenario, numberingScenario } from "./latency.ts";
import { BULLMQ_PG, GRAPHILE, GRAPHILE_PLAIN, MILLRACE_PG, PG_BOSS_NOTIFY } from "./peers.ts";
import { pinned } from "./pinned.ts";
import { enqueueingOnPostgres } from "./postgres-enqueueing.ts";
import { crewsOnPostgres, processingOnPostgres, steadyOnPostgres } from "./postgres-throughput.ts";
import { recoveryOnPostgres } from "./recovery.ts";
import { claimingScenario, memoryOnPostgres } from "./size.ts";
import { startUpOnPostgres } from "./start-up.ts";

/** All that is measured on PostgreSQL. */
export function onPostgres(size: Size): readonly Scenario[] {
  return [
    processingOnPostgres(size),
    crewsOnPostgres(size),
    ...enqueueingOnPostgres(size),
    latencyScenario(size, {
      name: "pg-latency",
      title: "PostgreSQL: from the call of enqueue to the start of the handler, on an idle system",
      paceMs: 10,
      jobs: 1_000,
      rows: [MILLRACE_PG, GRAPHILE_PLAIN, PG_BOSS_NOTIFY, BULLMQ_PG],
      across: [MILLRACE_PG, GRAPHILE_PLAIN, PG_BOSS_NOTIFY, BULLMQ_PG],
    }),
    latencyAtHalfLoad(size, {
      name: "pg-latency-loaded",
      title: "PostgreSQL: from the call of enqueue to the start of the handler, at half load",
      rows: [MILLRACE_PG, GRAPHILE, GRAPHILE_PLAIN, PG_BOSS_NOTIFY, BULLMQ_PG],
    }),
    contentionOnPostgres(size),
    numberingScenario(size, MILLRACE_PG, "pg-numbering", "PostgreSQL: 120 writers on one scope"),
    claimingScenario(size, MILLRACE_PG, "pg-claim", "PostgreSQL: claim 10 jobs in one call, the commit included"),
    ...steadyOnPostgres(size),
    pinned(size),
    ...recoveryOnPostgres(size),
    memoryOnPostgres(size),
    diskOnPostgres(size),
    startUpOnPostgres(size),
    ...overHttpOnPostgres(size),
  ];
}
