import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openMillrace, type Millrace } from "millrace";
import { Client } from "pg";
import { CommandLine } from "./command-line.ts";

export interface Desk {
  readonly mill: Millrace;
  readonly command: CommandLine;
  /** Where its scripts lie. */
  readonly scripts: string;
  /** What all its jobs belong to. */
  readonly group: string;
  /** For people: where it lies. */
  readonly place: string;
  /** Close it, and delete all that it wrote. */
  readonly end: () => Promise<void>;
}

/** @param address a database of PostgreSQL, of which a schema of its own is used; a file in a new folder unless given */
export async function openDesk(address?: string): Promise<Desk> {
  if (address !== undefined && !/^postgres(ql)?:/.test(address)) {
    throw new Error(`--store takes postgres://user@host/database; got ${address}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-desk-"));
  const schema = `desk_${randomBytes(6).toString("hex")}`;
  const store = address === undefined ? `sqlite:${join(folder, "desk.db")}` : withSchema(address, schema);
  if (address !== undefined) await inDatabase(address, `CREATE SCHEMA ${schema}`);
  const mill = await openMillrace(store);
  const end = async (): Promise<void> => {
    await mill.close();
    if (address !== undefined) await inDatabase(address, `DROP SCHEMA ${schema} CASCADE`);
    rmSync(folder, { recursive: true });
  };
  return {
    mill,
    command: new CommandLine(store, folder),
    scripts: fileURLToPath(new URL("./scripts", import.meta.url)),
    group: "release-1.4",
    place: address === undefined ? store : `PostgreSQL, schema ${schema}`,
    end,
  };
}

function withSchema(address: string, schema: string): string {
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  return url.href;
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
