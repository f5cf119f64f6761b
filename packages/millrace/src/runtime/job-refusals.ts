import { ConflictError, NotFoundError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { isFinal } from "../core/states.ts";
import { show } from "../core/options.ts";

/** There is none, or it belongs to another organisation, which is the same to whoever asks. */
export function jobNotFound(id: string): NotFoundError {
  return new NotFoundError("job_not_found", `there is no job ${show(id)}`);
}

/** @param why a sentence that goes on from the job's id */
export function stateConflict(job: Job, why: string): ConflictError {
  return new ConflictError("state_conflict", `${job.id}: ${why}`, { job: job.id, state: job.state });
}

/** @throws ConflictError unless it has ended, so that it can be retried */
export function requireEnded(job: Job): void {
  if (!isFinal(job.state)) throw stateConflict(job, `it is ${job.state}; only a job that has ended can be retried`);
}
