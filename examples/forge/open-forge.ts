import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { Forge } from "./items.ts";
import { openOnPostgres } from "./on-postgres.ts";
import { openOnSqlite } from "./on-sqlite.ts";

export interface OpenForge {
  readonly forge: Forge;
  /** For people: where it lies. */
  readonly place: string;
  /** Close it, and delete all that it wrote. */
  readonly end: () => Promise<void>;
}

/** @param store a database of PostgreSQL, of which a schema of its own is used; a file in a new folder unless given */
export async function openForge(store?: string): Promise<OpenForge> {
  if (store !== undefined && !/^postgres(ql)?:/.test(store)) {
    throw new Error(`--store takes postgres://user@host/database; got ${store}`);
  }
  return store === undefined ? onNewFile() : onNewSchema(store);
}

async function onNewFile(): Promise<OpenForge> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-forge-"));
  const file = join(folder, "forge.db");
  const forge = await openOnSqlite(file);
  const end = async (): Promise<void> => {
    await forge.close();
    rmSync(folder, { recursive: true });
  };
  return { forge, place: `sqlite:${file}`, end };
}

async function onNewSchema(address: string): Promise<OpenForge> {
  const schema = `forge_${randomBytes(6).toString("hex")}`;
  await inDatabase(address, `CREATE SCHEMA ${schema}`);
  const url = new URL(address);
  url.searchParams.set("schema", schema); // for Millrace
  url.searchParams.set("options", `-c search_path=${schema}`); // for the forge's own connections
  const forge = await openOnPostgres(url.href);
  const end = async (): Promise<void> => {
    await forge.close();
    await inDatabase(address, `DROP SCHEMA ${schema} CASCADE`);
  };
  return { forge, place: `postgres://${url.host}${url.pathname}, schema ${schema}`, end };
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
