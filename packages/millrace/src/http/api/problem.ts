import { z } from "@hono/zod-openapi";
import type { ErrorCode } from "../../core/errors.ts";

/** The HTTP status of each error. A new code does not compile until it is mapped. */
export const STATUS_BY_CODE = {
  options_invalid: 500,
  request_invalid: 400,
  payload_too_large: 413,
  payload_invalid: 422,
  kind_unknown: 422,
  job_not_found: 404,
  queue_not_found: 404,
  schedule_not_found: 404,
  worker_not_found: 404,
  key_not_found: 404,
  artifact_not_found: 404,
  webhook_not_found: 404,
  state_conflict: 409,
  duplicate_job: 409,
  unauthenticated: 401,
  forbidden: 403,
  store_busy: 503,
  store_unavailable: 503,
  store_corrupt: 500,
  schema_too_old: 500,
  schema_too_new: 500,
  lease_lost: 409,
  attempt_timeout: 500,
  cancel_requested: 409,
  shutting_down: 503,
  wait_timeout: 504,
  invariant_broken: 500,
} as const satisfies Record<ErrorCode, number>;

/** What the server itself refuses, before anything of Millrace is asked. */
export const STATUS_BY_REFUSAL = {
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  rate_limited: 429,
  too_many_streams: 429,
  internal: 500,
} as const;

export type ProblemCode = ErrorCode | keyof typeof STATUS_BY_REFUSAL;

/** An error as it is answered: RFC 9457, with a code for programs and the id under which the server logged it. */
export const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: "about:blank" }),
    title: z.string().openapi({ example: "Not Found" }),
    status: z.int(),
    detail: z.string().openapi({ example: 'there is no job "job_01k…"' }),
    code: z.string().openapi({ example: "job_not_found" }),
    requestId: z.string(),
    /** Whether the same request may succeed later, unchanged. */
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi("Problem");

export type Problem = z.infer<typeof ProblemSchema>;
