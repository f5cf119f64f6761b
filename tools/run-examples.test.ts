import { describe, expect, test } from "vitest";
import { differenceOf, outputBlockOf } from "./examples/output-block.ts";

describe("the output block of an example", () => {
  test("is the comment that ends the file", () => {
    const block = outputBlockOf('console.log("a");\n\n// Output:\n// a\n//\n//   b\n');
    expect(block).toEqual({ args: [], lines: ["a", "", "  b"] });
  });

  test("may name arguments", () => {
    expect(outputBlockOf("// Output (--once -n 2):\n// a\n")).toEqual({ args: ["--once", "-n", "2"], lines: ["a"] });
  });

  test("is missing when code follows it", () => {
    expect(outputBlockOf("// Output:\n// a\nrun();\n")).toBeNull();
  });

  const AGREEING: readonly (readonly [said: readonly string[], printed: string])[] = [
    [["a", "b"], "a\nb\n"],
    [["job_… done in … ms"], "job_01jd done in 17 ms\n"],
    [["first", "…", "last"], "first\nsecond\nthird\nlast\n"],
    [["first", "…", "last"], "first\nlast\n"],
    [["[1] (2) a.b"], "[1] (2) a.b\n"],
  ];
  for (const [said, printed] of AGREEING) {
    test(`agrees: ${said.join(" | ")} with ${JSON.stringify(printed)}`, () => {
      expect(differenceOf(said, printed)).toBeNull();
    });
  }

  const DIFFERING: readonly (readonly [said: readonly string[], printed: string])[] = [
    [["a"], "b\n"],
    [["a"], "a\nb\n"],
    [["a", "b"], "a\n"],
    [["a.b"], "axb\n"],
    [["first", "…", "last"], "first\nsecond\n"],
  ];
  for (const [said, printed] of DIFFERING) {
    test(`differs: ${said.join(" | ")} from ${JSON.stringify(printed)}`, () => {
      expect(differenceOf(said, printed)).toContain("something else");
    });
  }
});
