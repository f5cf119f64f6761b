import type { Scenario, Size } from "../scenario.ts";
import { enqueueing } from "./enqueueing.ts";
import { overHttp } from "./http.ts";
import { latency, numbering } from "./latency.ts";
import { onPostgres } from "./postgres.ts";
import { claiming, disk, memory, startUp } from "./size.ts";
import { crews, processing, steady } from "./throughput.ts";

/** All that is measured, in the order of the report. */
export function scenarios(size: Size): readonly Scenario[] {
  return [
    processing(size),
    ...enqueueing(size),
    latency(size),
    numbering(size),
    claiming(size),
    memory(size),
    ...steady(size),
    crews(size),
    disk(size),
    ...startUp(size),
    ...overHttp(size),
    ...onPostgres(size),
  ];
}
