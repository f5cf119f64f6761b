import { AttemptTimeoutError, LeaseLostError } from "./errors.ts";
import type { AttemptEnding } from "./job.ts";
import type { JobError } from "./job-error.ts";
import { toJson } from "./json.ts";
import { isHand } from "./manual.ts";
import type { Outcome } from "./outcome.ts";
import type { Move } from "./settlement.ts";

/** What is known of an attempt when it ends. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly maxAttempts: number;
}

/**
 * The only place that picks a next state. Pure: what ended, and where the ticket goes.
 *
 *   returned a value ─► completed         threw, attempts left ─► scheduled, after its backoff
 *   snooze(ms) ───────► scheduled         threw, none left ─────► failed
 *   fail(reason) ─────► failed            threw PermanentError ─► failed
 *   cancel(reason) ───► cancelled
 */
export function afterOutcome(ended: EndedAttempt, outcome: Outcome): Move {
  switch (outcome.type) {
    case "complete":
      return completed(toJson(outcome.result, "the result"));
    case "snooze":
      return { to: "scheduled", ending: "snoozed", delayMs: Math.round(outcome.delayMs), error: null };
    case "fail":
      return failed({ name: "Failed", message: outcome.reason, permanent: true, attempt: ended.attempt });
    case "cancel":
      return cancelled(outcome.reason);
  }
}

/** A failed attempt: again after `delayMs()`, unless the error is permanent or no attempt is left. */
export function afterFailure(ended: EndedAttempt, error: JobError, delayMs: () => number): Move {
  if (error.permanent || ended.attempt >= ended.maxAttempts) return failed(error);
  return { to: "scheduled", ending: "failed", delayMs: Math.max(0, Math.round(delayMs())), error };
}

/** A lease that ran out: back to its old place, or failed when no attempt is left, or when a person held it. */
export function afterLeaseExpiry(ended: EndedAttempt, worker: string): Move {
  if (isHand(worker)) return failed(handTimeout(ended, worker));
  const error: JobError = {
    name: LeaseLostError.name,
    message: `the worker ${worker} was not heard of before its lease ran out`,
    permanent: false,
    attempt: ended.attempt,
  };
  if (ended.attempt >= ended.maxAttempts) return failed(error);
  return { to: "ready", ending: "lost", error };
}

/** Work handed back undone: its old place, the attempt not counted. */
export function afterRelease(): Move {
  return { to: "ready", ending: "released", error: null };
}

/** An accepted cancel outranks whatever the attempt reports. */
export function afterCancel(reason: string | null): Move {
  return cancelled(reason);
}

/** Whether a report that comes again says what was written the first time, and so needs no second writing. */
export function saysTheSame(
  move: Move,
  written: { readonly state: string } | { readonly ending: AttemptEnding },
): boolean {
  if ("state" in written) return move.to === "done" && move.state === written.state;
  return move.to !== "done" && move.ending === written.ending;
}

function handTimeout({ attempt }: EndedAttempt, worker: string): JobError {
  const message = `${worker} claimed it by hand and did not report before twice its time limit`;
  return { name: AttemptTimeoutError.name, message, permanent: true, attempt };
}

function completed(result: string): Move {
  return { to: "done", state: "completed", result, error: null, reason: null };
}

function failed(error: JobError): Move {
  return { to: "done", state: "failed", result: null, error, reason: null };
}

function cancelled(reason: string | null): Move {
  return { to: "done", state: "cancelled", result: null, error: null, reason };
}
