import { afterAll, describe } from "vitest";
import { missingPostgres } from "../postgres/test-database.ts";
import { postgresProvider } from "./postgres-provider.ts";
import { runConformance } from "./run-conformance.ts";

describe.skipIf(missingPostgres() !== undefined)("a PostgreSQL server", () => {
  const provider = postgresProvider();
  afterAll(() => provider.dispose());

  runConformance("postgres", provider);
});
