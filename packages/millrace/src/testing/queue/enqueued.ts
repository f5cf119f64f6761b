import { isDeepStrictEqual } from "node:util";
import type { Job } from "../../core/job.ts";
import type { JobDefinition } from "../../core/kind.ts";
import type { JobFilter } from "../../core/store.ts";
import type { Millrace } from "../../runtime/millrace.ts";

/** Which jobs to look at; what is left out fits every job. */
export interface EnqueuedFilter<Payload = unknown> extends Omit<JobFilter, "org" | "kind"> {
  /** A kind, or its definition, which gives the payloads their type. */
  readonly kind?: string | JobDefinition<unknown, Payload>;
  /** What the payload must hold: fields of objects that are not named may be anything; all else must be equal. */
  readonly payload?: unknown;
}

/** The jobs that were enqueued, whatever has become of them, oldest first. */
export async function enqueuedJobs<Payload>(
  mill: Millrace,
  { payload, kind, ...filter }: EnqueuedFilter<Payload>,
): Promise<Job<Payload>[]> {
  const chosen = { ...filter, ...(kind === undefined ? {} : { kind: typeof kind === "string" ? kind : kind.kind }) };
  const found: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await mill.list(chosen, { limit: 1_000, cursor });
    found.push(...page.jobs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  const fitting = payload === undefined ? found : found.filter((job) => holds(job.payload, payload));
  return fitting.toReversed() as Job<Payload>[];
}

/** Whether the value has all that is expected. */
function holds(value: unknown, expected: unknown): boolean {
  if (!isRecord(value) || !isRecord(expected)) return isDeepStrictEqual(value, expected);
  return Object.entries(expected).every(([name, part]) => holds(value[name], part));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
