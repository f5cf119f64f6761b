import { OptionsError } from "./core/errors.ts";
import { refuseOptions, show } from "./core/options.ts";
import type { Store } from "./core/store.ts";

/** A URL, or a connection of the caller's own. */
export type StoreTarget = string | object;

export interface OpenStoreOptions {
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
  /** PostgreSQL only: the schema that holds the tables; wins over the URL's `?schema=`. @default "millrace" */
  readonly schema?: string;
  /** For a server: an API key or a JWT. */
  readonly key?: string;
}

/** A step of the schema that a store lacks. */
export interface PendingMigration {
  readonly version: number;
  readonly name: string;
  /** Whether workers of the version before may go on while and after it runs. */
  readonly isCompatible: boolean;
  readonly sql: string;
}

const EXPECTED =
  `expected "sqlite:./file.db", "memory:", "postgres://user@host/database", "https://host:7337", ` +
  "a better-sqlite3 Database, or a pg Pool or Client";

/**
 * Open the store that a URL names: `sqlite:./file.db`, `memory:`, `postgres://user@host/database`; that of a server, such
 * as `https://host:7337`; or the one that a better-sqlite3 Database, a pg Pool or a pg Client leads to. Loads only the
 * driver it needs.
 * @throws OptionsError when the target names no store; StoreError when the store cannot be opened
 */
export async function openStore(target: StoreTarget, { key, ...options }: OpenStoreOptions = {}): Promise<Store> {
  if (isServer(target)) return openServer(target, { key, ...options });
  if (key !== undefined) throw new OptionsError(`key is an option of servers; ${show(target)} takes none`);
  if (isPostgres(target)) {
    const { openPostgres } = await import("./stores/postgres/index.ts");
    return openPostgres({ target, ...options });
  }
  const { schema, ...others } = options;
  const file = await fileOfTarget(target);
  if (schema !== undefined) throw new OptionsError(`schema is an option of PostgreSQL; ${show(target)} has none`);
  const { openSqlite } = await import("./stores/sqlite/index.ts");
  return openSqlite({ file, ...others });
}

/** Open an empty store in memory that takes the time from `now`, milliseconds since the epoch. For tests. */
export async function openMemoryStore(now: () => number): Promise<Store> {
  const { openSqlite } = await import("./stores/sqlite/index.ts");
  return openSqlite({ file: ":memory:", now });
}

/** Whether the target is a server, and not a store itself. */
export function isServer(target: StoreTarget): target is string {
  return typeof target === "string" && /^https?:/i.test(target);
}

/** @throws OptionsError */
async function openServer(
  url: string,
  { key, migrate, schema }: Omit<OpenStoreOptions, "key"> & { readonly key: string | undefined },
): Promise<Store> {
  refuseOptions([
    key === undefined ? `a server asks for a key: openMillrace(${show(url)}, { key })` : undefined,
    migrate === undefined ? undefined : "migrate is an option of stores; a server sees to its tables itself",
    schema === undefined ? undefined : "schema is an option of PostgreSQL; a server has none",
  ]);
  const { openHttp } = await import("./stores/http/index.ts");
  return openHttp({ url, key: key ?? "" });
}

/** The steps that `migrate` would take, with their SQL. Nothing is changed. */
export async function pendingMigrations(target: StoreTarget): Promise<readonly PendingMigration[]> {
  if (isPostgres(target)) {
    const { planMigrations } = await import("./stores/postgres/index.ts");
    return planMigrations({ target });
  }
  const file = await fileOfTarget(target);
  const { planMigrations } = await import("./stores/sqlite/index.ts");
  return planMigrations(file);
}

/** Known by its looks, so that the driver is not loaded for a store on SQLite: every client and pool can be connected. */
function isPostgres(target: StoreTarget): boolean {
  if (typeof target === "string") return /^postgres(ql)?:/.test(target);
  return typeof target === "object" && target !== null && "connect" in target && "query" in target;
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
