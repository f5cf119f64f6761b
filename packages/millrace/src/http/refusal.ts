import { HTTPException } from "hono/http-exception";
import { isMillraceError } from "../core/errors.ts";
import { ANSWER_LOST } from "../core/forgotten.ts";
import { STATUS_BY_CODE, STATUS_BY_REFUSAL, type Problem, type ProblemCode } from "./api/problem.ts";

/** What the server refuses by itself, before anything of Millrace is asked. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: keyof typeof STATUS_BY_REFUSAL;
  /** After how long to try again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: keyof typeof STATUS_BY_REFUSAL, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** What is answered for an error. One that is ours to mend says nothing but the id under which it was logged. */
export function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof Refusal) {
    const isLater = error.retryAfterMs !== undefined;
    return problem(STATUS_BY_REFUSAL[error.code], error.code, error.message, { requestId, retryable: isLater });
  }
  if (isMillraceError(error)) {
    const { code, message, retryable, details } = error;
    // The store is well: what was asked for cannot be done any more.
    const status = details["problem"] === ANSWER_LOST ? 409 : STATUS_BY_CODE[code];
    if (status === 500)
      return problem(status, code, "the server cannot do this; its log says why", { requestId, retryable });
    return problem(status, code, message, {
      requestId,
      retryable,
      ...(Object.keys(details).length === 0 ? {} : { details: { ...details } }),
    });
  }
  // What the framework refuses while it reads a body.
  if (error instanceof HTTPException && error.status === 415) {
    return problem(415, "unsupported_media_type", "the body must be application/json", { requestId, retryable: false });
  }
  if (error instanceof HTTPException && error.status === 400) {
    return problem(400, "request_invalid", "the body is not valid JSON", { requestId, retryable: false });
  }
  return problem(500, "internal", "something went wrong; the server's log says what", { requestId, retryable: false });
}

function problem(
  status: number,
  code: ProblemCode,
  detail: string,
  rest: Pick<Problem, "requestId" | "retryable" | "details">,
): Problem {
  return { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, code, ...rest };
}
