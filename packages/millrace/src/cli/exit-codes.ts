import type { ErrorCode } from "../core/errors.ts";

/** The exit code of the command line for each error. A new code does not compile until it is mapped. */
export const EXIT_CODES = {
  options_invalid: 2,
  request_invalid: 2,
  payload_too_large: 2,
  payload_invalid: 2,
  kind_unknown: 2,
  job_not_found: 4,
  queue_not_found: 4,
  schedule_not_found: 4,
  worker_not_found: 4,
  state_conflict: 5,
  duplicate_job: 5,
  unauthenticated: 6,
  forbidden: 6,
  store_busy: 7,
  store_unavailable: 7,
  store_corrupt: 7,
  schema_too_old: 7,
  schema_too_new: 7,
  lease_lost: 5,
  attempt_timeout: 1,
  cancel_requested: 1,
  shutting_down: 0,
  wait_timeout: 3,
  invariant_broken: 70,
} as const satisfies Record<ErrorCode, number>;
