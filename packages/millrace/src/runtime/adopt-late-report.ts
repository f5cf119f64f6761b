import { jobIdOf } from "../core/job-id.ts";
import type { Job, JobId } from "../core/job.ts";
import type { JsonValue } from "../core/json.ts";
import type { LateReport } from "../core/late-report.ts";
import { DEFAULT_LEASE_MS } from "../core/lease.ts";
import { complete } from "../core/outcome.ts";
import { afterOutcome } from "../core/transition.ts";
import { toRetry } from "./enqueue-options.ts";
import { requireEnded, stateConflict } from "./job-refusals.ts";
import type { Kernel } from "./kernel.ts";
import { waitUntilEnded } from "./wait.ts";

const MOST_MS = 2_000;

/**
 * A new job like this one, completed with its latest late report. The id of the new job follows from the report, so that
 * whoever asks again, or asks at the same time, gets the same job; one who died half way has it carried on.
 * @throws ConflictError
 */
export async function adoptLateReport(kernel: Kernel, job: Job, worker: string, by: string | undefined): Promise<Job> {
  const { store, org } = kernel;
  requireEnded(job);
  const late = (await store.lateReports(job.id)).at(-1);
  if (late === undefined) throw stateConflict(job, "no report of it came too late, so there is none to adopt");
  const id = idFor(late);
  await store.enqueue([toRetry(id, job, by)]);
  const labels = new Set(job.requires);
  const claim = await store.claimJob({ org, worker, labels, leaseMs: DEFAULT_LEASE_MS }, id);
  if (claim !== null) {
    const { token } = claim.lease;
    await store.settle([
      { job: id, token, move: afterOutcome(claim.job, complete(JSON.parse(late.report) as JsonValue)) },
    ]);
  }
  const read = async (): Promise<Job> => (await store.get([id]))[0] ?? job;
  // Whoever else adopts it is about to complete it; whoever has claimed it to do it by hand is not waited for long.
  const adopted = await waitUntilEnded(kernel, read, MOST_MS).catch(read);
  if (adopted.id === id && adopted.state === "completed") return adopted;
  throw stateConflict(adopted, `it was made to adopt a late report of ${job.id}, and cannot: it is ${adopted.state}`);
}

/** Always the same of the same report. */
function idFor({ job, token, at }: LateReport): JobId {
  const bytes = new TextEncoder().encode(job.slice(-16));
  bytes[15] = (bytes[15] ?? 0) ^ token;
  return jobIdOf(at.getTime(), bytes);
}
