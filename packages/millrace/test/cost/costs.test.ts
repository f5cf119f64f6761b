import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { ACTS } from "./acts.ts";
import { differences, explain } from "./compare-costs.ts";
import { HEAP_BYTES, isHeapComparable, STORES } from "./cost.ts";
import { readTable } from "./cost-table.ts";
import { measureCosts } from "./measure-costs.ts";
import { installedFolder } from "../postgres/binaries.ts";

/** Why nothing can be counted on PostgreSQL; `undefined` when it can. */
function missingPostgres(): string | undefined {
  if (process.env["MILLRACE_TEST_POSTGRES_FOLDER"] !== undefined) return "the table is of the server that is installed";
  try {
    installedFolder();
    return undefined;
  } catch (error) {
    // There, nobody would see that it was skipped.
    if (process.env["CI"] !== undefined) throw error;
    return String(error);
  }
}

describe("what a job costs", () => {
  for (const store of STORES) {
    const isSkipped = store === "PostgreSQL" && missingPostgres() !== undefined;
    it.skipIf(isSkipped)(`on ${store}, is what the table says`, async () => {
      const measured = await measureCosts(store);
      const found = differences(store, await readTable(), measured).filter(
        ({ figure }) => figure !== HEAP_BYTES || isHeapComparable(),
      );
      expect(measured.map(({ act }) => act)).toEqual(ACTS.map(({ name }) => name));
      assert.equal(found.length, 0, explain(store, found));
    });
  }
});
