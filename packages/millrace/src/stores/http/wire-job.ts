import type { AttemptRecord, Job } from "../../core/job.ts";
import type { WireAttempt, WireJob } from "../../http/api/client.ts";

/** A job as the library has it: what is text on the wire is a date here. */
export function jobOf(body: WireJob): Job {
  return {
    ...body,
    runAt: new Date(body.runAt),
    createdAt: new Date(body.createdAt),
    startedAt: dateOf(body.startedAt),
    finishedAt: dateOf(body.finishedAt),
    cancelRequestedAt: dateOf(body.cancelRequestedAt),
    cancelledAt: dateOf(body.cancelledAt),
    // The server has checked what people send, and sends what the store holds.
  } as Job;
}

export function attemptOf({ startedAt, endedAt, ...rest }: WireAttempt): AttemptRecord {
  return { ...rest, startedAt: new Date(startedAt), endedAt: new Date(endedAt) };
}

export function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
