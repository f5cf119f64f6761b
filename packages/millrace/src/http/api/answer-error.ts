import {
  AccessError,
  ConflictError,
  InputError,
  InvariantError,
  LeaseLostError,
  MillraceError,
  NotFoundError,
  ShutdownError,
  StoreError,
  WaitTimeoutError,
} from "../../core/errors.ts";
import type { Problem, ProblemCode } from "./problem.ts";

/**
 * The error of the library that a problem of the server is. What the server refuses by itself has no code in the
 * library and becomes the nearest one: `details.problem` has the code that came, beside `status` and `requestId`.
 */
export function errorOfProblem(problem: Problem): MillraceError {
  const { status, detail, requestId, retryable } = problem;
  // A newer server may know codes that this client does not.
  const code = problem.code as ProblemCode;
  const details = { ...problem.details, problem: code, status, requestId };
  switch (code) {
    case "request_invalid":
    case "payload_too_large":
    case "payload_invalid":
    case "kind_unknown":
      return new InputError(code, detail, { details });
    case "job_not_found":
    case "queue_not_found":
    case "schedule_not_found":
    case "worker_not_found":
    case "key_not_found":
    case "artifact_not_found":
    case "webhook_not_found":
      return new NotFoundError(code, detail, { details });
    case "state_conflict":
    case "duplicate_job":
      return new ConflictError(code, detail, details);
    case "unauthenticated":
    case "forbidden":
      return new AccessError(code, detail, { details });
    case "store_busy":
    case "store_unavailable":
    case "store_corrupt":
    case "schema_too_old":
    case "schema_too_new":
      return new StoreError(code, detail, { details });
    case "lease_lost":
      return new LeaseLostError(detail, { details });
    case "shutting_down":
      return new ShutdownError(detail, { details });
    case "wait_timeout":
      return new WaitTimeoutError(detail);
    case "attempt_timeout":
    case "cancel_requested":
    case "options_invalid":
      return new MillraceError(code, detail, { details, retryable });
    case "invariant_broken":
    case "internal":
      return new InvariantError(detail, details);
    case "rate_limited":
    case "too_many_streams":
      return new StoreError("store_busy", detail, { details });
    case "not_found":
    case "method_not_allowed":
    case "unsupported_media_type":
    case "range_not_satisfiable":
    case "request_timeout":
    default:
      return status >= 500 || retryable
        ? new StoreError("store_unavailable", detail, { details })
        : new InputError("request_invalid", detail, { details });
  }
}

/** For an answer that is none of the server's: something between has answered, or it is another server. */
export function errorOfAnswer(status: number, url: string): MillraceError {
  const details = { status };
  return status >= 500 || status < 400
    ? new StoreError("store_unavailable", `${url} answered ${status}, and nothing that Millrace says`, { details })
    : new InputError("request_invalid", `${url} answered ${status}, and nothing that Millrace says`, { details });
}
