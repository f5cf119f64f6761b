import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import { runServer } from "./run-server.ts";

/** Part of a database that is one test's own. It is made by whoever opens a store on its address. */
export interface TestSchema {
  readonly name: string;
  readonly url: string;
  /** Delete it, with all that is in it. */
  drop(): Promise<void>;
  /** Delete it after a test that passed; otherwise leave it to be looked at, and say where it is. */
  end(hasFailed: boolean): Promise<void>;
}

/** Why the tests on PostgreSQL cannot run; `undefined` when they can. */
export function missingPostgres(): string | undefined {
  return runServer().reason;
}

/** The address of the run's server, for a superuser. */
export function testUrl(): string {
  const { url, reason } = runServer();
  if (url === undefined) throw new Error(`there is no PostgreSQL server: ${reason}`);
  return url;
}

/** A name that no other test has, and the address that leads there. */
export function newSchema(): TestSchema {
  const name = `millrace_${randomBytes(6).toString("hex")}`;
  const url = new URL(testUrl());
  url.searchParams.set("schema", name);
  const drop = async (): Promise<void> => {
    await adminQuery(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  };
  return {
    name,
    url: url.href,
    drop,
    end: async (hasFailed) => {
      if (!hasFailed) return drop();
      process.stderr.write(`the schema ${name} of the failed test is kept\n`);
    },
  };
}

/** A superuser's connection, one for all tests of a file. It keeps no process alive. */
let admin: Pool | undefined;

/** Ask the run's server something, beside all stores. */
export async function adminQuery(sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  admin ??= openAdmin();
  const { rows } = await admin.query<Record<string, unknown>>(sql, [...values]);
  return rows;
}

function openAdmin(): Pool {
  const pool = new Pool({
    connectionString: testUrl(),
    max: 1,
    allowExitOnIdle: true,
    // A connection that a test forgot to close should show as an error, not as a test that hangs.
    options: "-c lock_timeout=10s",
  });
  // A server that is gone before its connection was let go is missed by nobody.
  pool.on("error", () => undefined);
  return pool;
}
