import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { listExamples } from "./examples/list-examples.ts";
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

describe("the list of examples", () => {
  const listOf = (files: Readonly<Record<string, string>>) => {
    const root = mkdtempSync(join(tmpdir(), "millrace-examples-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return listExamples(root);
  };
  const program = "run();\n\n// Output:\n// a\n";

  test("is of all files that say what they print, and names a folder that has none", () => {
    const { examples, problems } = listOf({ "one/a.ts": program, "one/part.ts": "", "two/b.ts": "run();\n" });
    expect(examples).toMatchObject([{ name: "one/a.ts", needsPostgres: false, missing: undefined }]);
    expect(problems).toEqual([expect.stringContaining("two: none of its files")]);
  });

  test("knows what needs a database, and what has to be installed first", () => {
    const files = { "prisma/a.ts": program, "prisma/package.json": "{}", "transactions/b.ts": program };
    expect(listOf(files).examples).toMatchObject([
      { name: "prisma/a.ts", needsPostgres: true, missing: "node examples/prisma/setup.mjs" },
      { name: "transactions/b.ts", needsPostgres: true, missing: undefined },
    ]);
    const installed = listOf({ ...files, "prisma/node_modules/x/index.js": "" });
    expect(installed.examples.map(({ missing }) => missing)).toEqual([undefined, undefined]);
  });
});
