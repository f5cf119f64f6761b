import { defineJob, type Job, type JobDefinition, type Millrace, type Worker } from "millrace";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

// Nothing here runs: each body is only read by tsc, which is the judge of every line.
declare const mill: Millrace;
declare const worker: Worker<Millrace>;
const unread = (body: () => void): void => void body;

const resize = defineJob("resize", {
  input: z.object({ width: z.string().transform(Number), unit: z.enum(["px", "pt"]).default("px") }),
});
const bare = defineJob("bare");
const said = defineJob<{ to: string }>("said");

type ResizeInput = { width: string; unit?: "px" | "pt" | undefined };
type ResizePayload = { width: number; unit: "px" | "pt" };

describe("a definition", () => {
  it("knows what its schema takes and what it makes", () => {
    expectTypeOf(resize).toEqualTypeOf<JobDefinition<ResizeInput, ResizePayload>>();
    expectTypeOf(said).toEqualTypeOf<JobDefinition<{ to: string }>>();
    expectTypeOf(bare).toEqualTypeOf<JobDefinition>();
  });
});

describe("enqueue", () => {
  it("takes what the schema takes, and answers a job of what it makes", () => {
    const call = () => mill.enqueue(resize, { width: "10" }, { priority: "high" });
    expectTypeOf<Awaited<ReturnType<typeof call>>>().toEqualTypeOf<Job<ResizePayload>>();
  });

  it("does not compile with another payload", () => {
    const calls = [
      // @ts-expect-error -- the width is missing
      () => mill.enqueue(resize, {}),
      // @ts-expect-error -- the schema takes a text for the width; the number is what it makes of it
      () => mill.enqueue(resize, { width: 10 }),
      // @ts-expect-error -- "em" is no unit of the schema
      () => mill.enqueue(resize, { width: "10", unit: "em" }),
      // @ts-expect-error -- a typed definition without a schema has a payload all the same
      () => mill.enqueue(said, { too: "anna" }),
      // @ts-expect-error -- a payload that is required cannot be left out
      () => mill.enqueue(said),
    ];
    expectTypeOf(calls).toBeArray();
  });

  it("takes a kind by its name, with any payload or none", () => {
    const named = () => mill.enqueue("resize", { anything: true });
    const empty = () => mill.enqueue("resize");
    expectTypeOf<Awaited<ReturnType<typeof named>>["payload"]>().toEqualTypeOf<{ anything: boolean }>();
    expectTypeOf<Awaited<ReturnType<typeof empty>>["payload"]>().toBeUnknown();
  });

  it("does not compile with an option that is none", () => {
    const calls = [
      // @ts-expect-error -- the option is called priority
      () => mill.enqueue("k", null, { prio: 1 }),
      // @ts-expect-error -- the words are high, medium and low
      () => mill.enqueue("k", null, { priority: "urgent" }),
      // @ts-expect-error -- the synchronous form is for a transaction, so there must be one
      () => mill.enqueueSync("k", null, {}),
    ];
    expectTypeOf(calls).toBeArray();
  });

  it("in a transaction answers the job at once where it is synchronous", () => {
    const call = () => mill.enqueueSync(said, { to: "anna" }, { tx: {} });
    expectTypeOf<ReturnType<typeof call>>().toEqualTypeOf<Job<{ to: string }>>();
  });
});

describe("a schedule", () => {
  it("takes what the schema takes, and no transaction", () => {
    const call = () => mill.schedule("s", "* * * * *", resize, { width: "10" }, { timeZone: "Europe/Berlin" });
    expectTypeOf<ReturnType<typeof call>>().toEqualTypeOf<Promise<void>>();
    const wrong = [
      // @ts-expect-error -- the schema takes a text for the width
      () => mill.schedule("s", "* * * * *", resize, { width: 10 }),
      // @ts-expect-error -- a schedule has no single time to run at
      () => mill.schedule("s", "* * * * *", "k", null, { delayMs: 5 }),
      // @ts-expect-error -- a schedule enqueues long after any transaction
      () => mill.schedule("s", "* * * * *", "k", null, { tx: {} }),
    ];
    expectTypeOf(wrong).toBeArray();
  });
});

describe("a handler", () => {
  it("is given what the schema makes", () => {
    unread(() => {
      worker.handle(resize, (job, ctx) => {
        expectTypeOf(job).toEqualTypeOf<Job<ResizePayload>>();
        expectTypeOf(ctx.mill).toEqualTypeOf<Millrace>();
        expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(ctx.token).toBeNumber();
      });
      worker.handle("resize", (job) => expectTypeOf(job.payload).toBeUnknown());
      worker.handle<{ to: string }>("said", (job) => expectTypeOf(job.payload.to).toBeString());
    });
  });

  it("does not compile when it takes another payload", () => {
    unread(() => {
      // @ts-expect-error -- after the schema the width is a number
      worker.handle(resize, (job: Job<{ width: string }>) => job.payload.width);
      // @ts-expect-error -- a handler is a function
      worker.handle(resize, { run: () => 1 });
    });
  });
});

describe("what is read", () => {
  it("has the types that the caller names, and unknown ones otherwise", () => {
    const typed = () => mill.wait<{ to: string }, { sent: boolean }>("job_1");
    const plain = () => mill.wait("job_1");
    expectTypeOf<Awaited<ReturnType<typeof typed>>>().toEqualTypeOf<Job<{ to: string }, { sent: boolean }>>();
    expectTypeOf<Awaited<ReturnType<typeof typed>>["result"]>().toEqualTypeOf<{ sent: boolean } | null>();
    expectTypeOf<Awaited<ReturnType<typeof plain>>["payload"]>().toBeUnknown();
    expectTypeOf<Awaited<ReturnType<Millrace["get"]>>>().toEqualTypeOf<Job | null>();
  });

  it("cannot be changed", () => {
    unread(() => {
      const job = {} as Job<{ to: string }>;
      // @ts-expect-error -- a job is what was read; changing it would change nothing
      job.state = "completed";
      // @ts-expect-error -- there is no such state
      expectTypeOf<Job["state"]>().toEqualTypeOf<"waiting">();
    });
  });
});
