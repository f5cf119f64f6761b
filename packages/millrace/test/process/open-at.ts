import type { Store } from "../../src/core/store.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import * as postgres from "../stores/mutants/postgres-wrappers.ts";
import * as sqlite from "../stores/mutants/sqlite-wrappers.ts";

/** The store at a URL, below the runtime: with its own clock in production, with the one that is given in a test. */
export async function openAt(url: string, now?: () => number): Promise<Store> {
  const clock = now === undefined ? {} : { now };
  return isFile(url) ? openSqlite({ file: fileOf(url), ...clock }) : openPostgres({ target: url, ...clock });
}

/** A store with the classic bug: its claim reads what is queued, and then takes it whether it is still there or not. */
export async function openUnguarded(url: string): Promise<Store> {
  const sound = await openAt(url);
  if (isFile(url)) return sqlite.claimUnguarded(sound, fileOf(url), Date.now);
  return postgres.claimUnguarded(sound, url, Date.now);
}

function isFile(url: string): boolean {
  return url.startsWith("sqlite:");
}

function fileOf(url: string): string {
  return url.slice("sqlite:".length);
}
