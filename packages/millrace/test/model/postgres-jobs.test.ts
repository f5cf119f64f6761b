import { afterAll, describe, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { SchemaPool } from "../postgres/schema-pool.ts";
import { missingPostgres } from "../postgres/test-database.ts";
import { runOn, search } from "./search.ts";

describe.skipIf(missingPostgres() !== undefined)("the store on PostgreSQL does what the model does", () => {
  const schemas = new SchemaPool();
  afterAll(() => schemas.dispose());

  test.for([
    ["one connection", 1, 30],
    ["two connections", 2, 20],
  ] as const)("on %s", { timeout: 600_000 }, async ([, connections, runs]) => {
    await search(runs, async (list) => {
      const schema = schemas.take();
      let hasFailed = true;
      try {
        await runOn((now) => openPostgres({ target: schema.url, now }), connections, list);
        hasFailed = false;
      } finally {
        // A search that has found something makes it smaller in many further runs; the last of them is reported.
        if (hasFailed) await schema.drop();
        else await schemas.giveBack(schema, false);
      }
    });
  });
});
