import { toJson, type JsonValue } from "./json.ts";
import type { Redactor } from "./redactor.ts";

const OUTCOME = Symbol.for("millrace.outcome");

/** What a handler may return instead of a plain result. Make one with `snooze`, `fail` or `cancel`. */
export type Outcome =
  | { readonly [OUTCOME]: true; readonly type: "complete"; readonly result: unknown }
  | { readonly [OUTCOME]: true; readonly type: "snooze"; readonly delayMs: number }
  | { readonly [OUTCOME]: true; readonly type: "fail"; readonly reason: string }
  | { readonly [OUTCOME]: true; readonly type: "cancel"; readonly reason: string | null };

/** The job is done, with this result. Returning the result itself says the same. */
export function complete(result?: JsonValue): Outcome {
  return { [OUTCOME]: true, type: "complete", result };
}

/**
 * Run again later. The attempt is not counted.
 * @param delayMs at least 0, in milliseconds
 */
export function snooze(delayMs: number): Outcome {
  if (!Number.isFinite(delayMs) || delayMs < 0) {
    throw new TypeError(`snooze() expects milliseconds, 0 or more; it was given ${String(delayMs)}`);
  }
  return { [OUTCOME]: true, type: "snooze", delayMs };
}

/** The job has failed for good: no further attempt. */
export function fail(reason: string): Outcome {
  return { [OUTCOME]: true, type: "fail", reason };
}

/** The job is cancelled by its own handler. */
export function cancel(reason?: string): Outcome {
  return { [OUTCOME]: true, type: "cancel", reason: reason ?? null };
}

/** The same outcome without the values of secrets. @throws InputError for a result that has no JSON form */
export function redactOutcome(outcome: Outcome, redactor: Redactor): Outcome {
  switch (outcome.type) {
    case "complete":
      return { ...outcome, result: redactor.value(JSON.parse(toJson(outcome.result, "the result"))) };
    case "fail":
      return { ...outcome, reason: redactor.text(outcome.reason) };
    case "cancel":
      return { ...outcome, reason: outcome.reason === null ? null : redactor.text(outcome.reason) };
    case "snooze":
      return outcome;
  }
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && OUTCOME in value;
}
