import type { JobId } from "../../core/job.ts";
import type { History } from "../history/history.ts";
import type { AskedJob } from "./asked-for.ts";
import type { Findings } from "./findings.ts";
import type { QueueTerms } from "./queue-terms.ts";
import type { StoreClock } from "./store-clock.ts";
import type { Troubles } from "./troubles.ts";
import type { FinalJob } from "./verdict.ts";

/** All that a check has to go by, and where it says what it found. */
export interface Evidence {
  readonly history: History;
  readonly asked: ReadonlyMap<JobId, AskedJob>;
  readonly jobs: ReadonlyMap<JobId, FinalJob>;
  readonly troubles: Troubles;
  readonly terms: QueueTerms;
  readonly clock: StoreClock;
  readonly findings: Findings;
}

/** The queue of a job, by what was asked for and by what lies there. */
export function queueOf({ asked, jobs }: Pick<Evidence, "asked" | "jobs">, id: JobId): string {
  const { job } = asked.get(id) ?? {};
  const final = jobs.get(id);
  return job?.queue ?? final?.queue ?? job?.scope ?? final?.scope ?? "";
}
