import type { Move } from "./settlement.ts";
import type { EarlierAttemptRecord, Ticket } from "./transfer.ts";
import { afterCancel, afterLeaseExpiry } from "./transition.ts";

/** A ticket in `running`, as an export finds it. */
export interface RunningTicket {
  readonly runAt: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly token: number;
  readonly worker: string;
  readonly startedAt: number;
  readonly attemptStartedAt: number;
  readonly cancelRequestedAt: number | null;
  readonly cancelledBy: string | null;
  readonly cancelReason: string | null;
  readonly percent: number | null;
  readonly message: string | null;
}

/** What is left of a running ticket when its lease is lost. */
export interface LostTicket {
  readonly ticket: Ticket;
  /** The attempt, where it did not end the job. */
  readonly attempt: Omit<EarlierAttemptRecord, "type" | "job"> | null;
}

/**
 * What a rescue at this moment would make of a running ticket. The token stays, so whoever still runs the attempt can
 * write nothing about it where the ticket lies then: the next claim gets a higher one.
 */
export function loseTicket(running: RunningTicket, at: number): LostTicket {
  const isCancelled = running.cancelRequestedAt !== null;
  const move = isCancelled ? afterCancel(running.cancelReason) : afterLeaseExpiry(running, running.worker);
  // An instant never lies before the one it follows, whatever the clock.
  const endedAt = Math.max(at, running.attemptStartedAt);
  if (move.to === "done") return { ticket: doneTicket(running, move, endedAt), attempt: null };
  const { attempt, token, worker, runAt, startedAt, attemptStartedAt } = running;
  return {
    ticket: { place: "ready", runAt, attempt, token, startedAt },
    attempt: { token, attempt, ending: move.ending, worker, startedAt: attemptStartedAt, endedAt, error: move.error },
  };
}

function doneTicket(running: RunningTicket, move: Move & { readonly to: "done" }, finishedAt: number): Ticket {
  const { attempt, token, worker, startedAt, attemptStartedAt, percent, message } = running;
  const { cancelRequestedAt, cancelledBy } = running;
  const isCancelled = cancelRequestedAt !== null;
  return {
    place: "done",
    state: move.state,
    attempt,
    token,
    endedBy: isCancelled ? "cancel" : "lease",
    worker,
    startedAt,
    attemptStartedAt,
    finishedAt,
    result: move.result,
    error: move.error,
    cancelRequestedAt,
    cancelledBy,
    cancelReason: move.reason,
    percent,
    message,
  };
}
