import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMillraceError } from "../core/errors.ts";
import { parseJobName } from "./job-name.ts";

function codeOf(text: string): string {
  try {
    return parseJobName(text).by;
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
}

describe("the name of a job", () => {
  it("is an id, a number in a scope, or the beginning of an id", () => {
    const id = "job_01jd0000000000000000000000";
    expect(parseJobName(id)).toEqual({ by: "id", id });
    expect(parseJobName("mail#42")).toEqual({ by: "number", scope: "mail", number: 42 });
    expect(parseJobName("invoices 2026#1")).toEqual({ by: "number", scope: "invoices 2026", number: 1 });
    expect(parseJobName("job_01jd")).toEqual({ by: "prefix", prefix: "job_01jd" });
  });

  it.each(["42", "#42", "0", "00042"])("%s is a number without a scope", (text) => {
    expect(() => parseJobName(text)).toThrow("is a number without a scope");
  });

  it.each(["3f2c", "42a", "mail", "mail-42", "job", "JOB_01", "1.5", "-1", "job_01\n", "../job_01"])(
    "%j is the name of no job, and never a number",
    (text) => expect(codeOf(text)).toBe("job_not_found"),
  );

  it.each(["mail#", "mail#x", "mail#0", "mail#-1", "mail#01", "mail#1.5", "a#b#1", "a/b#1", "mail#99999999999999999"])(
    "%j is refused",
    (text) => expect(codeOf(text)).toBe("request_invalid"),
  );

  it("is a number exactly when whole digits stand behind a #", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("#", "1", "0", "a", "_", "j", "o", "b") }), (text) => {
        expect(codeOf(text) === "number").toBe(/^[^#]+#[1-9]\d{0,14}$/.test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
