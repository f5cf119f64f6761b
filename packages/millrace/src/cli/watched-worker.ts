import type { Handler, HandlerContext, HandlerResult } from "../core/handler.ts";
import type { Job } from "../core/job.ts";
import type { JobDefinition } from "../core/kind.ts";
import { isOutcome } from "../core/outcome.ts";
import type { Millrace, Worker } from "../index.ts";

/** How a handler ended, as seen from outside it. */
export type AttemptEnd =
  | { readonly how: "completed" | "snoozed" | "cancelled" }
  | { readonly how: "failed" | "stopped"; readonly reason: string };

type AnyHandler = Handler<never, Millrace>;

/**
 * From now on, tell how every handler of this worker ends, whoever registers it. What became of the job in the store,
 * such as another try, is for the store to say.
 */
export function watchAttempts(worker: Worker<Millrace>, onEnd: (job: Job, end: AttemptEnd) => void): void {
  const register = worker.handle.bind(worker) as (
    kind: string | JobDefinition,
    handler: AnyHandler,
  ) => Worker<Millrace>;
  const watching = (kind: string | JobDefinition, handler: AnyHandler): Worker<Millrace> =>
    // What is no function is for the worker to refuse.
    register(kind, typeof handler === "function" ? watched(handler, onEnd) : handler);
  worker.handle = watching;
}

function watched(handler: AnyHandler, onEnd: (job: Job, end: AttemptEnd) => void): AnyHandler {
  return async (job: Job<never>, ctx: HandlerContext<Millrace>): Promise<HandlerResult> => {
    try {
      const result = await handler(job, ctx);
      onEnd(job, endOf(result));
      return result;
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      onEnd(job, { how: ctx.signal.aborted ? "stopped" : "failed", reason });
      throw error;
    }
  };
}

function endOf(result: HandlerResult): AttemptEnd {
  if (!isOutcome(result)) return { how: "completed" };
  switch (result.type) {
    case "complete":
      return { how: "completed" };
    case "snooze":
      return { how: "snoozed" };
    case "cancel":
      return { how: "cancelled" };
    case "fail":
      return { how: "failed", reason: result.reason };
  }
}
