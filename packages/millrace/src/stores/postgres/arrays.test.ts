import { expect, test } from "vitest";
import { booleanArray, numberArray, storable, textArray, tokenArray } from "./arrays.ts";

test("an array of text says every character as it is, and nothing for nothing", () => {
  expect(textArray(["a", "", null, 'say "hi"', String.raw`back\slash`, "{1,2}", "NULL"])).toBe(
    String.raw`{"a","",NULL,"say \"hi\"","back\\slash","{1,2}","NULL"}`,
  );
});

test("an array of text leaves lines, tabs and halves of characters to the server", () => {
  expect(textArray(['a\n"b"', "\t", '"\u{d800}"', '{"é":"\u{1f600}\u2028"}'])).toBe(
    `{"a\n\\"b\\"","\t","\\"\u{d800}\\"","{\\"é\\":\\"\u{1f600}\u2028\\"}"}`,
  );
});

test("arrays of numbers and booleans have no quotes", () => {
  expect(numberArray([1, null, -2.5])).toBe("{1,NULL,-2.5}");
  expect(booleanArray([true, null, false])).toBe("{true,NULL,false}");
});

test("a column that says nothing is empty", () => {
  expect([numberArray([null, null]), textArray([null]), booleanArray([])]).toEqual(["{}", "{}", "{}"]);
});

test("what can be no token is nobody's", () => {
  expect(tokenArray([7, 1.5, Number.NaN, 2 ** 60])).toBe("{7,NULL,NULL,NULL}");
});

test("the one character that cannot be stored is shown as unreadable", () => {
  expect(storable("a\0b")).toBe("a\u{fffd}b");
  expect(textArray(['\0"'])).toBe(String.raw`{"${"\u{fffd}"}\""}`);
});
