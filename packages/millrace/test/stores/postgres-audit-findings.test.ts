import { afterAll, describe, onTestFinished } from "vitest";
import { DIALECT } from "../../src/stores/postgres/audit.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { SchemaPool } from "../postgres/schema-pool.ts";
import { adminQuery, missingPostgres } from "../postgres/test-database.ts";
import { auditFindings, type DamagedStore } from "./audit-cases.ts";

const schemas = new SchemaPool();
afterAll(() => schemas.dispose());

async function open(): Promise<DamagedStore> {
  const schema = schemas.take();
  onTestFinished(({ task }) => schemas.giveBack(schema, task.result?.state === "fail"));
  const store = await openPostgres({ target: schema.url });
  onTestFinished(() => store.close());
  const table = (name: string): string => `${schema.name}.${name}`;
  return {
    store,
    hand: { table, row: (job) => `(SELECT seq FROM ${table("job")} WHERE id = '${job}')` },
    // A replica is told what its primary has checked: no trigger asks anything.
    write: async (sql) => {
      await adminQuery(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; COMMIT`);
    },
  };
}

describe.skipIf(missingPostgres() !== undefined)("the audit on PostgreSQL", () => {
  auditFindings("postgres", DIALECT, open);
});
