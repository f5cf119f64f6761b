import { InputError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import type { EnqueueOptions } from "../runtime/enqueue-options.ts";
import type { EnqueueBody, JobBody } from "./api/jobs.ts";

/** A job as it goes over the wire: instants as ISO 8601, all else as it is. */
export function jobBody(job: Job): JobBody {
  return {
    ...job,
    runAt: job.runAt.toISOString(),
    createdAt: job.createdAt.toISOString(),
    startedAt: instant(job.startedAt),
    finishedAt: instant(job.finishedAt),
    cancelRequestedAt: instant(job.cancelRequestedAt),
    cancelledAt: instant(job.cancelledAt),
  } as JobBody;
}

function instant(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

interface NamedItem {
  readonly kind: string;
  readonly payload: unknown;
  readonly options: Omit<EnqueueOptions, "tx">;
}

/** Kinds of jobs that the server makes for itself, and believes. */
const OWN_KINDS = "millrace.";

/**
 * What was asked for in a body, as the library takes it; whoever asks is written down.
 * @throws InputError for a kind that only the server itself may enqueue
 */
export function enqueueItem({ kind, payload, runAt, ...options }: EnqueueBody, createdBy: string): NamedItem {
  if (kind.startsWith(OWN_KINDS)) {
    throw new InputError("request_invalid", `kind: those that begin with "${OWN_KINDS}" are made by the server alone`);
  }
  const when = runAt === undefined ? {} : { runAt: new Date(runAt) };
  // What is left out inside of a backoff is left out there, too: it came as JSON.
  return { kind, payload, options: { ...given(options), ...when, createdBy } as NamedItem["options"] };
}

type Given<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that were left out. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
