import { OptionsError } from "./core/errors.ts";
import { show } from "./core/options.ts";
import type { Store } from "./core/store.ts";

/** A URL, or a connection of the caller's own. */
export type StoreTarget = string | object;

export interface OpenStoreOptions {
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
}

const EXPECTED = `expected "sqlite:./file.db", "memory:" or a better-sqlite3 Database`;

/**
 * Open the store that a URL names: `sqlite:./file.db`, `memory:`; or the file of a better-sqlite3 Database.
 * Loads only the driver it needs.
 * @throws OptionsError when the target names no store; StoreError when the store cannot be opened
 */
export async function openStore(target: StoreTarget, options: OpenStoreOptions = {}): Promise<Store> {
  const file = await fileOfTarget(target);
  const { openSqlite } = await import("./stores/sqlite/index.ts");
  return openSqlite({ file, ...options });
}

/** The steps that `migrate` would take, with their SQL. Nothing is changed. */
export async function pendingMigrations(
  target: StoreTarget,
): Promise<
  readonly { readonly version: number; readonly name: string; readonly isCompatible: boolean; readonly sql: string }[]
> {
  const file = await fileOfTarget(target);
  const { planMigrations } = await import("./stores/sqlite/index.ts");
  return planMigrations(file);
}

async function fileOfTarget(target: StoreTarget): Promise<string> {
  if (typeof target !== "string" && (typeof target !== "object" || target === null)) {
    throw new OptionsError(`${show(target)} names no store; ${EXPECTED}`);
  }
  if (typeof target !== "string") {
    const { fileOfConnection } = await import("./stores/sqlite/index.ts");
    return fileOfConnection(target);
  }
  if (target === "memory:") return ":memory:";
  if (target.startsWith("sqlite:")) return fileOfUrl(target);
  if (/^postgres(ql)?:/.test(target)) {
    throw new OptionsError(
      `this version keeps its data in SQLite; PostgreSQL is not there yet. For ${show(target)} ${EXPECTED}`,
    );
  }
  throw new OptionsError(`${show(target)} names no store; ${EXPECTED}`);
}

/** `sqlite:relative`, `sqlite:/absolute` and `sqlite:///absolute` all name a file. */
function fileOfUrl(url: string): string {
  const rest = url.slice("sqlite:".length);
  const file = rest.startsWith("//") ? rest.slice(2) : rest;
  if (file === "") throw new OptionsError(`${show(url)} names no file; ${EXPECTED}`);
  if (file === ":memory:") return file;
  if (file.includes("?")) throw new OptionsError(`${show(url)} has parameters; a SQLite store takes none`);
  return file;
}
