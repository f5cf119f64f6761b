import { isDeepStrictEqual } from "node:util";
import {
  CancelledError,
  PermanentError,
  type HandlerContext,
  type Job,
  type JobDefinition,
  type Millrace,
} from "millrace";
import type { z } from "zod";

export interface Step<Result> {
  readonly id: string;
  readonly result: Result;
}

/** Part of a stage's course: which job it belongs to, and where its progress begins and ends, in percent. */
export interface StageOf {
  readonly course: Job;
  readonly ctx: HandlerContext<Millrace>;
  readonly percent: readonly [from: number, to: number];
}

/**
 * Run one job for each payload, all at the same time; answers their results in order. Steps that an earlier attempt of the
 * course has begun are not begun again. When one fails, or the course is cancelled, the others are cancelled.
 * @throws PermanentError when a step has failed
 */
export async function runStage<Input, Payload, Result>(
  { course, ctx, percent: [from, to] }: StageOf,
  definition: JobDefinition<Input, Payload>,
  output: z.ZodType<Result>,
  payloads: readonly Input[],
): Promise<readonly Step<Result>[]> {
  const { mill } = ctx;
  const { jobs: begun } = await mill.list({ group: course.id, kind: definition.kind }, { limit: 1_000 });
  const steps: readonly Job[] = await Promise.all(
    payloads.map(
      // Enqueued under the lease of this attempt: one that has lost it cannot begin a step beside the next attempt.
      async (payload) =>
        begun.find((step) => isDeepStrictEqual(step.payload, payload)) ??
        mill.enqueue(definition, payload, { group: course.id, createdBy: course.createdBy ?? "system" }),
    ),
  );

  let ended = 0;
  const results = steps.map(async ({ id, kind }): Promise<Step<Result>> => {
    const { state, result, error } = await mill.wait(id);
    if (state !== "completed") throw new PermanentError(`${kind} ${state}: ${error?.message ?? "by somebody"}`);
    ended += 1;
    ctx.progress(from + ((to - from) * ended) / steps.length, `${kind}: ${ended} of ${steps.length}`);
    return { id, result: output.parse(result) };
  });
  try {
    return await Promise.race([Promise.all(results), stopped(ctx.signal)]);
  } catch (error) {
    // Where this attempt was merely stopped, or its time is up, the steps go on: the next attempt waits for them.
    const { reason } = ctx.signal as { readonly reason: unknown };
    if (reason === undefined || reason instanceof CancelledError) await cancelAll(mill, steps);
    throw error;
  }
}

/** Rejects with the reason, once there is one. */
async function stopped(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw signal.reason;
}

/** Ends them, and waits for that: nothing of a course that has ended goes on. */
async function cancelAll(mill: Millrace, steps: readonly Job[]): Promise<void> {
  const why = { by: "course.build", reason: "its course has ended" };
  await Promise.allSettled(
    steps.map(async ({ id }) => {
      await mill.cancel(id, why); // those that have ended refuse, which is as good
      await mill.wait(id);
    }),
  );
}
