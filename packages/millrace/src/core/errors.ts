const BRAND = Symbol.for("millrace.error");

/** Every error Millrace raises has one of these codes. Programs branch on the code, people read the message. */
export type ErrorCode =
  | "options_invalid"
  | "request_invalid"
  | "payload_too_large"
  | "payload_invalid"
  | "kind_unknown"
  | "job_not_found"
  | "queue_not_found"
  | "schedule_not_found"
  | "worker_not_found"
  | "key_not_found"
  | "artifact_not_found"
  | "webhook_not_found"
  | "state_conflict"
  | "duplicate_job"
  | "unauthenticated"
  | "forbidden"
  | "store_busy"
  | "store_unavailable"
  | "store_corrupt"
  | "schema_too_old"
  | "schema_too_new"
  | "lease_lost"
  | "attempt_timeout"
  | "cancel_requested"
  | "shutting_down"
  | "wait_timeout"
  | "invariant_broken";

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Base of all errors of Millrace. Recognise one with `isMillraceError()`, never by its message. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  /** True when the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for an error of any copy of this package, also after two copies were installed side by side. */
export function isMillraceError(error: unknown): error is MillraceError {
  return typeof error === "object" && error !== null && BRAND in error;
}

/** A wrong option, found while constructing and never later. All of them at once, each by its sentence. */
export class OptionsError extends MillraceError {
  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const list = typeof problems === "string" ? [problems] : problems;
    super("options_invalid", list.join("; "), { ...options, details: { problems: list, ...options?.details } });
  }
}

/** The caller's request is wrong; sending it again will not help. */
export class InputError extends MillraceError {
  constructor(
    code: "request_invalid" | "payload_too_large" | "payload_invalid" | "kind_unknown",
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

export class NotFoundError extends MillraceError {
  constructor(code: Extract<ErrorCode, `${string}_not_found`>, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A legal request at the wrong moment; `details` carries the state that stands in its way. */
export class ConflictError extends MillraceError {
  constructor(code: "state_conflict" | "duplicate_job", message: string, details?: Readonly<Record<string, unknown>>) {
    super(code, message, details === undefined ? {} : { details });
  }
}

/** Who asks is not known, or may not. */
export class AccessError extends MillraceError {
  constructor(code: "unauthenticated" | "forbidden", message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The store did not do it. `retryable` says whether asking again makes sense. */
export class StoreError extends MillraceError {
  constructor(
    code: "store_busy" | "store_unavailable" | "store_corrupt" | "schema_too_old" | "schema_too_new",
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, { ...options, retryable: code === "store_busy" || code === "store_unavailable" });
  }
}

/** The lease is gone: another attempt may be running. Whatever this one still reports is dropped. */
export class LeaseLostError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super("lease_lost", message, options);
  }
}

/** The attempt ran past its time limit. */
export class AttemptTimeoutError extends MillraceError {
  constructor(timeoutMs: number) {
    super("attempt_timeout", `the attempt ran longer than its limit of ${timeoutMs} ms`, { details: { timeoutMs } });
  }
}

/** Somebody cancelled the job while it ran. */
export class CancelledError extends MillraceError {
  constructor(reason: string | null) {
    super("cancel_requested", reason === null ? "the job was cancelled" : `the job was cancelled: ${reason}`);
  }
}

/** The worker or the client is stopping. */
export class ShutdownError extends MillraceError {
  constructor(message: string, options?: ErrorOptions) {
    super("shutting_down", message, { ...options, retryable: true });
  }
}

/** `wait()` gave up before the job ended. The job goes on. */
export class WaitTimeoutError extends MillraceError {
  constructor(message: string) {
    super("wait_timeout", message, { retryable: true });
  }
}

/** Our bug, never the caller's; carries the state that proves it. */
export class InvariantError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("invariant_broken", message, details === undefined ? {} : { details });
  }
}

/** Thrown by a handler: the job has failed for good, no further attempt. */
export class PermanentError extends Error {
  override readonly name: string = "PermanentError";
  readonly permanent = true;
}
