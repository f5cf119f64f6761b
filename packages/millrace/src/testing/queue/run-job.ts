import { OptionsError } from "../../core/errors.ts";
import type { Handler } from "../../core/handler.ts";
import type { Job, JobId, JobProgress } from "../../core/job.ts";
import type { JobError } from "../../core/job-error.ts";
import type { JobDefinition } from "../../core/kind.ts";
import type { LogLine } from "../../core/log-line.ts";
import { refuseOptions, show, unknownKeys } from "../../core/options.ts";
import type { Move } from "../../core/settlement.ts";
import type { EnqueueOptions } from "../../runtime/enqueue-options.ts";
import type { Millrace } from "../../runtime/millrace.ts";
import { Worker } from "../../runtime/worker.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { VIRTUAL_EPOCH } from "../virtual-clock.ts";
import { closeOver, layQueue, type LaidQueue } from "./lay-queue.ts";

export interface RunJobOptions {
  /** How the job is enqueued: `maxAttempts`, `timeoutMs`, `tags`, `secrets` … */
  readonly enqueue?: Omit<EnqueueOptions, "tx" | "delayMs" | "runAt">;
  /** Where chance begins: the jitter of the backoff. @default 1 */
  readonly seed?: number;
}

/** What one attempt came to, as it was written. */
export interface JobRun<Result = unknown> {
  /** "retried": it failed, and will be tried again. "released": given back undone. */
  readonly outcome: "completed" | "failed" | "retried" | "snoozed" | "cancelled" | "released";
  /** What the handler returned, as it comes back from JSON; `null` unless completed. */
  readonly result: Result | null;
  /** Why it failed, with `permanent`; `null` unless failed or retried. */
  readonly error: JobError | null;
  /** When it runs again, in milliseconds from the end of this attempt; `null` unless retried or snoozed. */
  readonly delayMs: number | null;
  /** The job afterwards. */
  readonly job: Job;
  /** What the handler enqueued with `ctx.mill`, oldest first, as it was then. */
  readonly enqueued: readonly Job[];
  /** What it said with `ctx.log` and `ctx.output`. */
  readonly log: readonly LogLine[];
  /** What it said last with `ctx.progress`. */
  readonly progress: JobProgress | null;
}

const DAY_MS = 86_400_000;

/**
 * Run one attempt of a handler as a worker would, on a queue of its own: the payload goes through the schema and JSON, the
 * time limit and the backoff are those of the definition, and the outcome is told as it would be stored.
 * @param handler a handler, or a worker that has one for the kind; the worker itself is neither started nor changed
 * @throws InputError for a payload that the schema refuses, as `enqueue` does; OptionsError when the worker has no handler
 *   for the kind. What the handler throws is in the answer
 */
export function runJob<Input, Payload>(
  definition: JobDefinition<Input, Payload>,
  payload: Input,
  handler: Handler<Payload, Millrace> | Worker<Millrace>,
  options?: RunJobOptions,
): Promise<JobRun>;
export function runJob<Payload = unknown>(
  kind: string,
  payload: Payload,
  handler: Handler<Payload, Millrace> | Worker<Millrace>,
  options?: RunJobOptions,
): Promise<JobRun>;
export async function runJob(
  kind: string | JobDefinition,
  payload: unknown,
  handler: Handler<never, Millrace> | Worker<Millrace>,
  options: RunJobOptions = {},
): Promise<JobRun> {
  refuseOptions(unknownKeys(options, ["enqueue", "seed"], "runJob()"));
  const { enqueue = {}, seed = 1 } = options;
  const known = handlerOf(kind, handler);
  const parts = { startAt: VIRTUAL_EPOCH, seed, org: "default", logger: silentLogger, patienceMs: 1_000 };
  const queue = await layQueue(parts);
  try {
    const { mill, passage, watch } = queue;
    const { id, requires } = await mill.enqueue(known.kind as string, payload, enqueue);
    const worker = mill.worker({ concurrency: 1, labels: requires, stopGraceMs: 0 });
    // Other jobs of the kind are what the handler enqueued; this is about the one.
    worker.handle(known.kind, (job, ctx) => (job.id === id ? known.handler(job, ctx) : aborted(ctx.signal)));
    await worker.start();
    const move = await untilSettled(queue, id);
    await passage.rest();
    const job = (await mill.get(id)) as Job;
    const enqueued = watch.created.filter((other) => other.id !== id);
    return { ...told(move), job, enqueued, log: await mill.logs(id), progress: job.progress };
  } finally {
    await closeOver(queue);
  }
}

/** Time passes over a handler that seems to wait for it: for its time limit, say. */
async function untilSettled({ watch, passage, time }: LaidQueue, id: JobId): Promise<Move> {
  for (;;) {
    await passage.settle();
    const end = watch.settled.find(({ job }) => job === id);
    if (end !== undefined) return end.move;
    if (time.monotonic() > DAY_MS) throw new Error("runJob(): the handler has not ended within a day of the clock");
    await passage.step(DAY_MS);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}

interface KnownHandler {
  readonly kind: string | JobDefinition;
  readonly handler: Handler<unknown, Millrace>;
}

/** The handler, and the definition that it is to be run under. */
function handlerOf(kind: string | JobDefinition, given: Handler<never, Millrace> | Worker<Millrace>): KnownHandler {
  if (typeof given === "function") return { kind, handler: given as Handler<unknown, Millrace> };
  const name = typeof kind === "string" ? kind : kind.kind;
  if (!(given instanceof Worker)) {
    throw new OptionsError(`runJob(${show(name)}): expected a handler, or a worker that has one; got ${show(given)}`);
  }
  const registration = Worker.registrationOf(given, name);
  if (registration === undefined) {
    const known = given.kinds.map((each) => show(each)).join(", ");
    throw new OptionsError(`runJob(${show(name)}): the worker has no handler for it; it knows ${known || "no kind"}`);
  }
  const { definition, handler } = registration;
  return { kind: typeof kind === "string" ? (definition ?? kind) : kind, handler };
}

function told(move: Move): Pick<JobRun, "outcome" | "result" | "error" | "delayMs"> {
  const { error } = move;
  if (move.to === "ready") return { outcome: "released", result: null, error, delayMs: null };
  if (move.to === "scheduled") {
    return { outcome: move.ending === "failed" ? "retried" : "snoozed", result: null, error, delayMs: move.delayMs };
  }
  const result: unknown = move.result === null ? null : JSON.parse(move.result);
  return { outcome: move.state, result, error, delayMs: null };
}
