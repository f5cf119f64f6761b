import { afterAll, describe, expect, it } from "vitest";
import { readsThrough } from "../postgres/plans.ts";
import { missingPostgres } from "../postgres/test-database.ts";
import { postgresProvider } from "./postgres-provider.ts";
import { runConformance } from "./run-conformance.ts";

describe.skipIf(missingPostgres() !== undefined)("a PostgreSQL server", () => {
  const statements = new Map<string, string>();
  const provider = postgresProvider({ onStatement: (name, sql) => void statements.set(name, sql) });
  afterAll(() => provider.dispose());

  runConformance("postgres", provider);

  // Last: only then is it known what there is.
  it("reads no table through, by plans that were made while all tables were empty", async () => {
    expect(statements.size).toBeGreaterThan(100);
    expect(await readsThrough(statements)).toEqual([]);
  });
});
