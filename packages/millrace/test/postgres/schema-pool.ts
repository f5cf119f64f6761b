import { adminQuery, newSchema, type TestSchema } from "./test-database.ts";

/**
 * Schemas that are used by one test after the other, and emptied in between: making the tables takes longer than most
 * tests do. What a failed test leaves is taken out and kept.
 */
export class SchemaPool {
  readonly #free: TestSchema[] = [];

  /** One with nothing in it. Whoever opens a store on it makes the tables, if they are not there yet. */
  take(): TestSchema {
    return this.#free.pop() ?? newSchema();
  }

  /** Nothing may be connected to it any more. */
  async giveBack(schema: TestSchema, hasFailed: boolean): Promise<void> {
    if (hasFailed) return schema.end(true);
    await empty(schema.name);
    this.#free.push(schema);
  }

  /** Drop those that are not in use. */
  async dispose(): Promise<void> {
    for (const schema of this.#free.splice(0)) await schema.drop();
  }
}

/**
 * Everything but the record of the migrations that made the tables. Row by row: to truncate makes new files for twenty
 * tables and their indexes, which takes longer than to delete what a test has written. Whatever refers to a row goes
 * with it, so the order does not matter.
 */
async function empty(schema: string, tries = 6): Promise<void> {
  try {
    await deleteAll(schema);
  } catch (error) {
    // What a broken store has left running at the server may be in the way: it ends one by one, as the server finds out
    // who waits for whom.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (tries === 1 || (code !== "40P01" && code !== "55P03")) throw error;
    await empty(schema, tries - 1);
  }
}

async function deleteAll(schema: string): Promise<void> {
  await adminQuery(`DO $$
    DECLARE
      name text;
    BEGIN
      SET LOCAL session_replication_role = replica;
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' AND tablename <> 'migration' LOOP
        EXECUTE format('DELETE FROM %I.%I', '${schema}', name);
      END LOOP;
    END $$`);
}
