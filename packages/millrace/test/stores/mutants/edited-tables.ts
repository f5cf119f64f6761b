import { planMigrations } from "../../../src/stores/postgres/index.ts";
import { adminQuery, type TestSchema } from "../../postgres/test-database.ts";
import type { Edits } from "./mutant.ts";

/** The tables of a schema as edits would have them: step by step, as `openPostgres` makes them. */
export async function makeEditedTables({ name: schema, url }: TestSchema, { edit }: Edits): Promise<void> {
  for (const { version, name, sql } of await planMigrations({ target: url })) {
    const record = `INSERT INTO ${schema}.migration VALUES (${version}, '${name}', 0)`;
    // What an edit writes has the schema's place-holder, what is there already has its name.
    const edited = edit(`MIGRATION_${version}`, sql).replaceAll("millrace.", `${schema}.`);
    await adminQuery(`SET client_min_messages = warning; ${edited}; ${record}; RESET client_min_messages`);
  }
}
