import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateJsonFault } from "./json-location.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("the first fault of a JSON text", () => {
  it.each([
    ["{a: 1}", 1, 2, '"a"', "a name in double quotes"],
    ['{"a": 1,}', 1, 9, '"}"', "a name in double quotes"],
    ["[1 2]", 1, 4, '"2"', '"," or "]"'],
    ['{"a" 1}', 1, 6, '"1"', '":"'],
    ["\n\n  tru", 3, 3, '"t"', "a value"],
    ["[1,", 1, 4, "the end of the text", "a value"],
    ['"a\nb"', 1, 3, '"\\n"', 'a closing double quote (")'],
    [String.raw`"\x"`, 1, 2, '"\\\\"', String.raw`an escape such as \n or \u00e9`],
    ["01", 1, 2, '"1"', "a number without leading zeros"],
    ["1.", 1, 3, "the end of the text", "a digit"],
    ["-", 1, 1, '"-"', "a value"],
    ["1 1", 1, 3, '"1"', "nothing more"],
    ["😀", 1, 1, '"😀"', "a value"],
  ])("%j is at line %i, column %i", (text, line, column, found, expected) => {
    expect(locateJsonFault(text)).toEqual({ line, column, found, expected });
  });

  it("exists exactly where the platform finds one", () => {
    const json = fc.json();
    const broken = fc.tuple(json, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, noise]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + noise + text.slice(place + 1);
    });
    fc.assert(
      fc.property(fc.oneof(json, broken, fc.string()), (text) => {
        expect(locateJsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
