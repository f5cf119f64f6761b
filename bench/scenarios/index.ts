import type { Scenario, Size } from "../scenario.ts";
import { enqueueing } from "./enqueueing.ts";
import { overHttp } from "./http.ts";
import { contention } from "./contention.ts";
import { disk } from "./disk.ts";
import { latency, latencyAtHalfLoad, numbering } from "./latency.ts";
import { BULLMQ, BULLMQ_ALWAYS, MILLRACE, PLAINJOB, PLAINJOB_FULL } from "./peers.ts";
import { onPostgres } from "./postgres.ts";
import { recovery } from "./recovery.ts";
import { claiming, memory } from "./size.ts";
import { startUp } from "./start-up.ts";
import { crews, processing, steady } from "./throughput.ts";

/** All that is measured, in the order of the report. */
export function scenarios(size: Size): readonly Scenario[] {
  return [
    processing(size),
    ...enqueueing(size),
    latency(size),
    latencyAtHalfLoad(size, {
      name: "latency-loaded",
      title: "From the call of enqueue to the start of the handler, at half load",
      rows: [MILLRACE, PLAINJOB, PLAINJOB_FULL, BULLMQ, BULLMQ_ALWAYS],
    }),
    contention(size),
    numbering(size),
    claiming(size),
    memory(size),
    ...steady(size),
    crews(size),
    disk(size),
    recovery(size),
    ...startUp(size),
    ...overHttp(size),
    ...onPostgres(size),
  ];
}
