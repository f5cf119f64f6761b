import { describe, expect, test } from "vitest";
import { BUDGET, checkPack, packageTargets, type Shipment } from "./pack/rules.ts";

const TARGETS = ["dist/index.js", "dist/index.d.ts"];
const PATHS = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"];

function shipmentOf(paths: readonly string[], sizes: Partial<Shipment> = {}): Shipment {
  return { size: 10, unpackedSize: 10, files: paths.map((path) => ({ path })), ...sizes };
}

describe("the rules for what is shipped", () => {
  test("accept what is built, and nothing else", () => {
    expect(checkPack(shipmentOf(PATHS), TARGETS)).toEqual([]);
  });

  for (const path of ["src/index.ts", "dist/job.test.js", "dist/test/a.js", "dist/a.tsbuildinfo", ".env"]) {
    test(`refuse ${path}`, () => {
      expect(checkPack(shipmentOf([...PATHS, path]), TARGETS)).toEqual([`${path} is shipped, and no rule allows it`]);
    });
  }

  test("miss an entry that was not built", () => {
    const [finding] = checkPack(shipmentOf(PATHS), ["dist/cli/bin.js"]);
    expect(finding).toBe("dist/cli/bin.js is missing from the package");
  });

  test("keep to the budget", () => {
    const sizes = { size: BUDGET.packedBytes + 1, unpackedSize: BUDGET.unpackedBytes + 1 };
    expect(checkPack(shipmentOf(PATHS, sizes), TARGETS)).toHaveLength(2);
  });

  test("refuse an empty package", () => {
    expect(checkPack(shipmentOf([]), [])).toEqual(["the package ships no files at all"]);
  });
});

test("the promised files are those under exports and bin that are built", () => {
  const manifest = {
    name: "sample",
    bin: { sample: "./dist/bin.js" },
    exports: { ".": { source: "./src/index.ts", default: "./dist/index.js" }, "./package.json": "./package.json" },
  };
  expect(packageTargets(manifest)).toEqual(["dist/index.js", "dist/bin.js"]);
});
