import type { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { CONFORMANCE_CASES, runCase, type StoreProvider } from "../../src/testing/index.ts";
import { postgresProvider } from "../stores/postgres-provider.ts";
import { EXECUTOR_SHAPES, type ExecutorShape } from "./executor-shapes.ts";
import { missingPostgres } from "./test-database.ts";

/** What a caller's transaction must do, done through what a library makes of the caller's connection. */
const CASES = CONFORMANCE_CASES.filter(
  ({ area, needs = [] }) => area === "transaction" && !needs.includes("isSynchronous"),
);

describe.skipIf(missingPostgres() !== undefined)("a transaction held by a library", () => {
  const provider = postgresProvider();
  afterAll(() => provider.dispose());

  const through = ({ over }: ExecutorShape): StoreProvider => ({
    async open(now) {
      const provided = await provider.open(now);
      const { transaction } = provided;
      if (transaction === undefined) throw new Error("the store takes part in no transactions");
      return { ...provided, transaction: (work) => transaction((client) => work(over(client as Client))) };
    },
  });

  describe.each(EXECUTOR_SHAPES)("in the shape of $name", (shape) => {
    test.each(CASES)("$name", async (each) => {
      const verdict = await runCase(each, through(shape));
      if (verdict.status === "failed") throw verdict.error;
      expect(verdict).toEqual({ status: "passed" });
    });
  });
});
