import type { Job } from "../core/job.ts";
import type { Move } from "../core/settlement.ts";
import type { MaybePromise } from "../core/store.ts";

/** Tells a tracer what goes on, and carries traces from where a job was enqueued to where it runs. */
export interface Tracing {
  /** Somebody records; only then traces of jobs are read. */
  readonly isOn: boolean;
  /** The trace that goes on here, as a W3C `traceparent`; `null` when there is none. */
  current(): string | null;
  /** Do it as part of the trace that a request brought, unless one goes on already. */
  continuing<T>(traceparent: string | undefined, work: () => T): T;
  /** Do it in a span: jobs are enqueued. */
  enqueuing<T>(facts: EnqueueFacts, work: () => MaybePromise<T>): MaybePromise<T>;
  /** Do it in a span: an attempt, as part of the trace in which its job was enqueued. */
  attempting(facts: AttemptFacts, work: () => Promise<Move>): Promise<Move>;
}

interface EnqueueFacts {
  /** Of the first job, where there are several. */
  readonly kind: string;
  readonly queue: string | undefined;
  readonly count: number;
}

interface AttemptFacts {
  readonly job: Job;
  readonly attempt: number;
  readonly worker: string;
  /** The trace in which the job was enqueued. */
  readonly trace: string | null;
}
