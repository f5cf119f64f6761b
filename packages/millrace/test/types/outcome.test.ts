import {
  cancel,
  complete,
  fail,
  isMillraceError,
  snooze,
  type ErrorCode,
  type Handler,
  type JobEventType,
  type JobState,
  type MillraceError,
  type Outcome,
  type WorkerOptions,
} from "millrace";
import { assertType, describe, expectTypeOf, it } from "vitest";

describe("a handler may", () => {
  it("return a result, an outcome or nothing, now or later", () => {
    assertType<Handler>(() => ({ path: "a.mp4" }));
    assertType<Handler>(async () => ["a", 1, null]);
    assertType<Handler>(() => undefined);
    assertType<Handler>(async () => {});
    assertType<Handler>((_, ctx) => (ctx.attempt > 2 ? fail("enough") : snooze(1_000)));
    expectTypeOf([snooze(1), fail("no"), cancel(), complete({ a: 1 })]).toEqualTypeOf<Outcome[]>();
  });

  it("not return what has no JSON at a glance", () => {
    // @ts-expect-error -- a symbol has no JSON
    assertType<Handler>(() => Symbol("s"));
    // @ts-expect-error -- nor has a bigint
    assertType<Handler>(() => 1n);
    // @ts-expect-error -- a function has no JSON, so it is no result of a job
    assertType<Parameters<typeof complete>[0]>(() => 1);
  });
});

describe("an error", () => {
  it("is told by its code once its brand was seen", () => {
    const error = new Error("x") as unknown;
    if (isMillraceError(error)) {
      expectTypeOf(error).toEqualTypeOf<MillraceError>();
      expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
      // @ts-expect-error -- there is no such code, so the branch would never be taken
      if (error.code === "job_missing") assertType<never>(error);
    }
  });
});

describe("the options of a worker", () => {
  it("name queues with or without weights, and are few", () => {
    assertType<WorkerOptions>({ queues: ["a", "b"], concurrency: 24, labels: ["gpu"] });
    assertType<WorkerOptions>({ queues: { live: 10, batch: 1 } });
    // @ts-expect-error -- weights are numbers
    assertType<WorkerOptions>({ queues: { live: "10" } });
    // @ts-expect-error -- the option is called concurrency
    assertType<WorkerOptions>({ concurency: 24 });
  });
});

describe("literals", () => {
  it("are unions that a switch can exhaust", () => {
    expectTypeOf<JobState>().toEqualTypeOf<
      "blocked" | "scheduled" | "queued" | "running" | "completed" | "failed" | "cancelled"
    >();
    expectTypeOf<"completed">().toExtend<JobEventType>();
    expectTypeOf<"done">().not.toExtend<JobEventType>();
  });
});
