import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isMillraceError, type MillraceError } from "./errors.ts";
import { checkPayload, checkResult, defineJob } from "./kind.ts";

const SCHEMA = z.object({ source: z.string(), size: z.object({ width: z.number() }), tags: z.array(z.string()) });
const GOOD = { source: "a.mov", size: { width: 5 }, tags: ["x"] };

function thrownBy(call: () => unknown): MillraceError {
  try {
    call();
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("defineJob", () => {
  it("keeps what it was given, frozen, with the queue filled in", () => {
    const job = defineJob("video.transcode", { input: SCHEMA, maxAttempts: 5, requires: ["gpu"] });
    expect(job).toMatchObject({ kind: "video.transcode", queue: "default", options: { maxAttempts: 5 } });
    expect(Object.isFrozen(job) && Object.isFrozen(job.options)).toBe(true);
  });

  it("tells every wrong option at once", () => {
    const error = thrownBy(() =>
      defineJob("k", {
        queue: "a/b",
        priority: 0.5,
        maxAttempts: 0,
        timeoutMs: -1,
        requires: "gpu" as never,
        backoff: { type: "fixed" } as never,
        input: {} as never,
        output: {} as never,
        isPermanent: true as never,
      }),
    );
    expect(error.code).toBe("options_invalid");
    const names = [
      "queue",
      "priority",
      "maxAttempts",
      "timeoutMs",
      "requires",
      "backoff",
      "input",
      "output",
      "isPermanent",
    ];
    for (const name of names) {
      expect(error.message).toContain(`defineJob("k"): ${name}`);
    }
  });

  it("asks whether something else was meant", () =>
    expect(thrownBy(() => defineJob("k", { timeout: 5 } as never)).message).toContain('did you mean "timeoutMs"?'));

  it.each(["", "a#b", 7, undefined])("refuses the kind %j", (kind) =>
    expect(thrownBy(() => defineJob(kind as never)).message).toContain("the kind must"),
  );

  it("takes a function as backoff", () =>
    expect(defineJob("k", { backoff: () => 5 }).options.backoff).toBeTypeOf("function"));
});

describe("a payload", () => {
  const job = defineJob("video.transcode", { input: SCHEMA });

  it("is what its schema makes of it", () => {
    const counted = defineJob("count", {
      input: z.object({ n: z.string().transform(Number), unit: z.string().default("px") }),
    });
    expect(checkPayload(counted, { n: "7" })).toEqual({ n: 7, unit: "px" });
  });

  it("is anything where there is no schema", () => {
    const payload = { anything: true };
    expect(checkPayload(defineJob("k"), payload)).toBe(payload);
  });

  it.each([
    [{ ...GOOD, source: 7 }, "source"],
    [{ ...GOOD, size: { width: "wide" } }, "size.width"],
    [{ ...GOOD, tags: ["x", 3] }, "tags.1"],
  ])("is refused with the name of its field: %j", (payload, field) => {
    const error = thrownBy(() => checkPayload(job, payload));
    expect(error.code).toBe("payload_invalid");
    expect(error.message).toContain(`the payload of "video.transcode" is wrong: ${field}: `);
    expect(error.details).toMatchObject({ kind: "video.transcode", fields: [{ path: field }] });
  });

  it("is refused with all its fields at once", () => {
    const { message } = thrownBy(() => checkPayload(job, { source: 1, size: {}, tags: null }));
    for (const field of ["source", "size.width", "tags"]) expect(message).toContain(`${field}: `);
  });

  it("as a whole has no field to name", () =>
    expect(thrownBy(() => checkPayload(job, "text")).message).toContain("is wrong: Invalid input: expected object"));
});

describe("a result", () => {
  const job = defineJob("count", { output: z.object({ n: z.number(), unit: z.string().default("px") }) });

  it("is what its schema makes of it, and anything where there is none", () => {
    expect(checkResult(job, { n: 7, more: true })).toEqual({ n: 7, unit: "px" });
    expect(checkResult(defineJob("k"), "anything")).toBe("anything");
  });

  it("is refused for good, with the name of its field", () =>
    expect(() => checkResult(job, { n: "7" })).toThrow(
      expect.objectContaining({
        permanent: true,
        message: expect.stringMatching(/^the result of "count" is wrong: n: /) as string,
      }),
    ));
});

/** A schema of no library, which takes its time. */
const LATE: StandardSchemaV1<string, string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) =>
      value === "good" ? { value: "good, late" } : { issues: [{ message: "not good", path: [{ key: "a" }, "b"] }] },
  },
};

describe("an asynchronous schema", () => {
  const job = defineJob("late", { input: LATE });

  it("answers a promise of the payload", async () => {
    const answer = checkPayload(job, "good");
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe("good, late");
  });

  it("refuses by rejecting, with the name of the field", () =>
    expect(checkPayload(job, "bad")).rejects.toThrow('the payload of "late" is wrong: a.b: not good'));
});
