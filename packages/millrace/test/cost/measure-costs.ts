import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startServer } from "../postgres/server.ts";
import type { ActCost, StoreName } from "./cost.ts";
import { HEAP_FLAGS } from "./heap-meter.ts";

const PROGRAM = fileURLToPath(new URL("cost-program.ts", import.meta.url));
const LIMIT_MS = 60_000;

/**
 * What would write to the log now and then is off, and so is what makes a record larger when it is the first after some
 * time. Nothing is read back, so nothing need reach the disk.
 */
const SETTINGS = { autovacuum: "off", full_page_writes: "off", checkpoint_timeout: "1h", fsync: "off" };

const run = promisify(execFile);

/** Count what every act costs on a store. @throws Error when the store cannot be had */
export async function measureCosts(store: StoreName): Promise<readonly ActCost[]> {
  return store === "SQLite" ? onSqlite() : onPostgres();
}

async function onSqlite(): Promise<readonly ActCost[]> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cost-"));
  try {
    return await count("SQLite", folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** On a server that nobody else writes to. */
async function onPostgres(): Promise<readonly ActCost[]> {
  const server = await startServer({ settings: SETTINGS });
  try {
    return await count("PostgreSQL", server.url);
  } finally {
    await server.remove();
  }
}

async function count(store: StoreName, place: string): Promise<readonly ActCost[]> {
  const args = ["--conditions=millrace-source", ...HEAP_FLAGS, PROGRAM, store, place];
  const { stdout } = await run(process.execPath, args, { timeout: LIMIT_MS });
  return JSON.parse(stdout) as readonly ActCost[];
}
