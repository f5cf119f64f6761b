import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMillraceError } from "./errors.ts";
import { MAX_JSON_BYTES, toJson } from "./json.ts";

function refusal(value: unknown): string {
  try {
    toJson(value, "the payload");
  } catch (error) {
    if (isMillraceError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

const CIRCLE: Record<string, unknown> = {};
CIRCLE["self"] = CIRCLE;

describe("JSON of a value", () => {
  it("comes back as it went in", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(toJson(value, "the payload"))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("is null for nothing at all, and leaves out what is undefined below", () => {
    expect(toJson(undefined, "the payload")).toBe("null");
    expect(toJson(null, "the payload")).toBe("null");
    expect(toJson({ a: 1, b: undefined }, "the payload")).toBe('{"a":1}');
  });

  it("uses toJSON, as JSON does", () =>
    expect(toJson({ at: new Date(0) }, "it")).toBe('{"at":"1970-01-01T00:00:00.000Z"}'));
});

describe("what has no JSON", () => {
  it.each([
    ["a function", () => 1, "the value is a function"],
    ["a symbol", Symbol("s"), "the value is a symbol"],
    ["a bigint", 1n, "the value is a bigint"],
    ["NaN", Number.NaN, "the value is NaN"],
    ["infinity", Number.POSITIVE_INFINITY, "the value is Infinity"],
    ["a function below", { deep: [{ call: () => 1 }] }, '"call" is a function'],
    ["a bigint below", { total: 2n }, '"total" is a bigint'],
    ["NaN in a list", [1, Number.NaN], '"1" is NaN'],
    ["a circle", CIRCLE, "circular"],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("not me");
        },
      },
      "not me",
    ],
    ["a toJSON that answers nothing", { toJSON: () => undefined }, "has no JSON form"],
  ])("is refused as request_invalid: %s", (_, value, why) => {
    expect(refusal(value)).toContain("request_invalid: the payload has no JSON form");
    expect(refusal(value)).toContain(why);
  });
});

describe("the largest JSON", () => {
  it("is one mebibyte, counted in bytes of UTF-8", () => {
    expect(refusal("a".repeat(MAX_JSON_BYTES - 2))).toBe("");
    expect(refusal("a".repeat(MAX_JSON_BYTES - 1))).toContain(`is ${MAX_JSON_BYTES + 1} bytes of JSON`);
    expect(refusal("ü".repeat(MAX_JSON_BYTES / 2 - 1))).toBe("");
    expect(refusal("ü".repeat(MAX_JSON_BYTES / 2))).toContain("payload_too_large");
    expect(refusal("🎈".repeat(MAX_JSON_BYTES / 4))).toContain("payload_too_large");
  });
});
