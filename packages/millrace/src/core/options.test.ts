import { describe, expect, it } from "vitest";
import { isMillraceError } from "./errors.ts";
import {
  countProblem,
  definedOnly,
  durationProblem,
  integerProblem,
  labelsProblem,
  MAX_TIMER_MS,
  nameProblem,
  nearest,
  refuseOptions,
  refuseRequest,
  show,
  unknownKeys,
} from "./options.ts";

const KNOWN = ["leaseMs", "heartbeatMs", "queues"];

function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a key that is no option", () => {
  it.each([
    ["leaseMS", "leaseMs"],
    ["LEASEMS", "leaseMs"],
    ["queue", "queues"],
    ["heartBeatMs", "heartbeatMs"],
    ["hartbeat_ms", "heartbeatMs"],
  ])('"%s" asks whether "%s" was meant', (typed, meant) => {
    expect(nearest(typed, KNOWN)).toBe(meant);
    expect(unknownKeys({ [typed]: 1 }, KNOWN, "worker()")).toEqual([
      `worker(): "${typed}" is not an option; did you mean "${meant}"?`,
    ]);
  });

  it("that resembles none is told what there is", () =>
    expect(unknownKeys({ colour: 1 }, KNOWN, "worker()")[0]).toContain("known are leaseMs, heartbeatMs, queues"));

  it("is told for each one", () =>
    expect(unknownKeys({ leaseM: 1, qeues: 1, queues: [] }, KNOWN, "w")).toHaveLength(2));

  it.each([null, 7, "queues", ["queues"], undefined])("options that are no object are a problem: %j", (given) =>
    expect(unknownKeys(given, KNOWN, "w")[0]).toContain("options must be an object"),
  );
});

describe("problems", () => {
  it("are thrown all at once, as options_invalid or as request_invalid", () => {
    const problems = ["one", undefined, "two"];
    const asOptions = thrownBy(() => refuseOptions(problems));
    const asRequest = thrownBy(() => refuseRequest(problems));
    expect(isMillraceError(asOptions) && [asOptions.code, asOptions.message, asOptions.details]).toEqual([
      "options_invalid",
      "one; two",
      { problems: ["one", "two"] },
    ]);
    expect(isMillraceError(asRequest) && [asRequest.code, asRequest.message, asRequest.retryable]).toEqual([
      "request_invalid",
      "one; two",
      false,
    ]);
  });

  it("that are none throw nothing", () => {
    refuseOptions([undefined]);
    refuseRequest([]);
  });
});

describe("a name", () => {
  it.each(["a", "video.transcode", "ü", "two words", "x".repeat(200)])("may be %j", (name) =>
    expect(nameProblem(name, "queue")).toBeUndefined(),
  );

  it.each(["", "x".repeat(201), "a#1", "a/b", "a\nb", "a\u0000", 7, null, undefined, {}])("may not be %j", (name) =>
    expect(nameProblem(name, "queue")).toContain("queue must"),
  );
});

describe("numbers", () => {
  it.each([1, 5, undefined, null, Number.MAX_SAFE_INTEGER])("a count may be %j", (value) =>
    expect(countProblem(value, "n")).toBeUndefined(),
  );
  it.each([0, -1, 1.5, Number.NaN, "1", 2 ** 53, true])("a count may not be %j", (value) =>
    expect(countProblem(value, "n")).toContain("n must be a whole number, 1 or more"),
  );
  it.each([-3, 0, undefined])("an integer may be %j", (value) => expect(integerProblem(value, "n")).toBeUndefined());
  it.each([0.5, "3", Number.POSITIVE_INFINITY])("an integer may not be %j", (value) =>
    expect(integerProblem(value, "n")).toContain("n must be a whole number"),
  );
  it.each([1, 0.5 + 1, MAX_TIMER_MS, undefined])("a duration may be %j", (value) =>
    expect(durationProblem(value, "ms")).toBeUndefined(),
  );
  it.each([0, -1, MAX_TIMER_MS + 1, Number.NaN, "5s"])("a duration may not be %j", (value) =>
    expect(durationProblem(value, "ms")).toContain("ms must be milliseconds"),
  );
});

describe("labels", () => {
  it("are a list of texts", () => {
    expect(labelsProblem(["gpu", "threads>=8"], "requires")).toBeUndefined();
    expect(labelsProblem("gpu", "requires")).toContain("must be a list of labels");
    expect(labelsProblem(["gpu", ""], "requires")).toContain('holds ""');
    expect(labelsProblem([3], "requires")).toContain("holds 3");
    expect(labelsProblem(["x".repeat(201)], "requires")).toContain("1 to 200 characters");
  });
});

describe("a value in a message", () => {
  it("is short, quoted, and never the value's own words", () => {
    expect(show("a\nb")).toBe(String.raw`"a\nb"`);
    expect(show("x".repeat(100))).toHaveLength(60);
    expect([show([1]), show({ toString: () => "boo" }), show(null), show(1n)]).toEqual([
      "an array",
      "an object",
      "null",
      "1",
    ]);
  });
});

describe("options that are undefined", () => {
  it("do not hide a default", () =>
    expect({ a: 1, ...definedOnly({ a: undefined, b: null, c: 0 }) }).toEqual({ a: 1, b: null, c: 0 }));
});
