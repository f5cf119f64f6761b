import type { Job } from "../core/job.ts";
import type { EnqueueOptions } from "../runtime/enqueue-options.ts";
import type { EnqueueBody, JobBody } from "./api/jobs.ts";

/** A job as it goes over the wire: instants as ISO 8601, all else as it is. */
export function jobBody(job: Job): JobBody {
  // Whatever is a date writes itself so, and nothing else is left out.
  return JSON.parse(JSON.stringify(job)) as JobBody;
}

interface NamedItem {
  readonly kind: string;
  readonly payload: unknown;
  readonly options: Omit<EnqueueOptions, "tx">;
}

/** What was asked for in a body, as the library takes it; whoever asks is written down. */
export function enqueueItem({ kind, payload, runAt, ...options }: EnqueueBody, createdBy: string): NamedItem {
  const when = runAt === undefined ? {} : { runAt: new Date(runAt) };
  // What is left out inside of a backoff is left out there, too: it came as JSON.
  return { kind, payload, options: { ...given(options), ...when, createdBy } as NamedItem["options"] };
}

type Given<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that were left out. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
