import { randomBytes } from "node:crypto";
import process from "node:process";
import { Client } from "pg";

/**
 * Run an example in a schema of its own, in the database that MILLRACE_STORE names, and drop the schema afterwards.
 * The address it is given leads its own connections there, and Millrace's.
 */
export async function inBorrowedSchema(run: (url: string, schema: string) => Promise<void>): Promise<void> {
  const address = process.env["MILLRACE_STORE"];
  if (address === undefined) throw new Error("set MILLRACE_STORE=postgres://… to a database that this may use");
  const schema = `example_${randomBytes(6).toString("hex")}`;
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  url.searchParams.set("options", `-c search_path=${schema}`);
  try {
    await inDatabase(address, `CREATE SCHEMA ${schema}`);
    await run(url.href, schema);
  } finally {
    await inDatabase(address, `DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  }
}

async function inDatabase(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
