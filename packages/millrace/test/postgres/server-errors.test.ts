import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { aRequest } from "../../src/testing/factory.ts";
import { missingPostgres, newSchema, testUrl } from "./test-database.ts";

describe.skipIf(missingPostgres() !== undefined)("what the server says of itself", () => {
  test.each([
    ["XX000", "store_unavailable", "failed within itself"],
    ["XX001", "store_corrupt", "is damaged"],
    ["53200", "store_unavailable", "out of resources"],
    ["58030", "store_unavailable", "disk refused"],
  ])("as %s is %s to the caller", async (sqlState, code, said) => {
    const schema = newSchema();
    onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
    const store = await openPostgres({ target: schema.url });
    onTestFinished(() => store.close());
    const client = new Client(testUrl());
    onTestFinished(() => client.end());
    await client.connect();
    await client.query(`
      CREATE FUNCTION ${schema.name}.fail() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${sqlState}'; END $$;
      CREATE TRIGGER fails BEFORE INSERT ON ${schema.name}.job FOR EACH ROW EXECUTE FUNCTION ${schema.name}.fail()`);
    await expect(store.enqueue([aRequest()])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(said) as string,
    });
  });
});
