import { existsSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { ConflictError, OptionsError, StoreError } from "../../core/errors.ts";
import type { Migration } from "../sql/migration.ts";
import { isBusy, translate } from "./errors.ts";
import { MIGRATIONS } from "./migrations/index.ts";

/** Enough of the file in memory for the hot tables of a busy queue, in KiB. */
const CACHE_KIB = 65_536;
/** Pages in the write-ahead log before it is folded back into the file: larger is steadier and takes more disk. */
const CHECKPOINT_PAGES = 4_000;
const OPEN_LIMIT_MS = 5_000;

/**
 * Open a file for durable work: write-ahead log, every commit flushed to disk before it is answered.
 * @param file a path, or `:memory:`
 * @throws StoreError when it cannot be opened, is no database, or cannot be written
 */
export async function openDatabase(file: string): Promise<Database.Database> {
  refuseNoFile(file);
  let db: Database.Database | undefined;
  try {
    db = connect(file);
    const opened = db;
    await whileBusy(() => {
      refuseForeignTables(opened);
      const mode: unknown = opened.pragma("journal_mode = WAL", { simple: true });
      if (mode !== "wal" && mode !== "memory") {
        throw new StoreError(
          "store_unavailable",
          `${file}: write-ahead logging is not possible here; the journal stays "${String(mode)}"`,
        );
      }
    });
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma("temp_store = MEMORY");
    return db;
  } catch (error) {
    db?.close();
    throw translate(error, file);
  }
}

function connect(file: string): Database.Database {
  try {
    return new Database(file, { timeout: 0 });
  } catch (error) {
    // The driver looks for the folder itself, and has no code for what it did not find.
    if (!(error instanceof TypeError)) throw error;
    throw new StoreError("store_unavailable", `${file}: the file cannot be opened: ${error.message}`, { cause: error });
  }
}

/** Opening a pipe would wait for ever, and a folder would say nothing of use. */
function refuseNoFile(file: string): void {
  if (file === ":memory:") return;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  const kind = found.isDirectory() ? "a folder" : "no regular file";
  throw new StoreError("store_unavailable", `${file}: it is ${kind}; a store is a SQLite file`);
}

/** Before anything is changed: tables with our names that are not ours. */
function refuseForeignTables(db: Database.Database): void {
  const names = db
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'millrace\\_%' ESCAPE '\\'",
    )
    .all()
    .map((row) => row.name);
  if (names.length === 0 || names.includes("millrace_schema")) return;
  throw new StoreError(
    "store_corrupt",
    `${db.name} holds ${names.join(", ")}, which Millrace did not make; use another file`,
  );
}

/** Try again while another process holds the lock, without stopping the event loop. */
export async function whileBusy<T>(attempt: () => T): Promise<T> {
  const deadline = performance.now() + OPEN_LIMIT_MS;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
}

/** Steps that this database still lacks. @throws StoreError `schema_too_new` when it is ahead of this program */
function pendingMigrations(db: Database.Database): readonly Migration[] {
  const version = schemaVersion(db);
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  if (version > newest) {
    throw new StoreError(
      "schema_too_new",
      `${db.name}: its schema is version ${version}, this Millrace knows versions up to ${newest}; install a newer Millrace`,
      { details: { version, newest } },
    );
  }
  return MIGRATIONS.filter((migration) => migration.version > version);
}

/** Bring the schema up to date. Many processes may try at once; one does it. */
export async function migrate(db: Database.Database, now: () => number): Promise<readonly Migration[]> {
  try {
    return await whileBusy(() => {
      if (pendingMigrations(db).length === 0) return [];
      return db
        .transaction(() => {
          const pending = pendingMigrations(db);
          db.exec(VERSION_TABLE);
          const record = db.prepare("INSERT INTO millrace_schema (version, name, applied_at) VALUES (?, ?, ?)");
          for (const { version, name, sql } of pending) {
            db.exec(sql);
            record.run(version, name, now());
          }
          return pending;
        })
        .immediate();
    });
  } catch (error) {
    throw translate(error, db.name);
  }
}

const VERSION_TABLE = `CREATE TABLE IF NOT EXISTS millrace_schema (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`;

function schemaVersion(db: Database.Database): number {
  try {
    const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'millrace_schema'").get();
    if (table === undefined) return 0;
    return (
      db.prepare<[], { version: number }>("SELECT coalesce(max(version), 0) AS version FROM millrace_schema").get()
        ?.version ?? 0
    );
  } catch (error) {
    throw translate(error, db.name);
  }
}

/** @throws StoreError `schema_too_old` when steps are missing */
export function requireCurrentSchema(db: Database.Database): void {
  const [next] = pendingMigrations(db);
  if (next === undefined) return;
  throw new StoreError(
    "schema_too_old",
    `${db.name}: its schema lacks step ${next.version} (${next.name}); run \`millrace migrate\``,
  );
}

/**
 * The caller's connection, made sure to be inside a transaction on the same file.
 * @throws OptionsError when it is no such connection, ConflictError when it has no transaction open
 */
export function requireTransaction(tx: unknown, file: string): Database.Database {
  if (!isDatabase(tx)) throw new OptionsError("tx must be a better-sqlite3 Database that is inside a transaction");
  if (tx.name !== file && fileOf(tx) !== file) {
    throw new OptionsError(
      `tx is a connection to ${tx.name}, the queue lies in ${file}; one transaction needs one file`,
    );
  }
  if (!tx.inTransaction) {
    throw new ConflictError(
      "state_conflict",
      "tx has no transaction open; call this between BEGIN IMMEDIATE and COMMIT, or inside db.transaction(…).immediate()",
    );
  }
  return tx;
}

function isDatabase(value: unknown): value is Database.Database {
  return (
    typeof value === "object" && value !== null && "inTransaction" in value && "prepare" in value && "pragma" in value
  );
}

/** The absolute path of a connection's main file; empty for one in memory. */
export function fileOf(db: Database.Database): string {
  const rows = db.pragma("database_list") as { readonly name: string; readonly file: string | null }[];
  return rows.find((row) => row.name === "main")?.file ?? "";
}

/**
 * The file of a connection that the caller has open. A connection of our own is opened to it: the caller's transactions
 * and ours must not meet on one.
 */
export function fileOfConnection(connection: object): string {
  if (!isDatabase(connection))
    throw new OptionsError("the store must be a URL or a better-sqlite3 Database; got another object");
  const file = fileOf(connection);
  if (file === "")
    throw new OptionsError(
      'the better-sqlite3 Database is in memory, where no second connection can reach it; use a file, or "memory:"',
    );
  return file;
}

/** The steps that `migrate` would take on a file; a file that is not there lacks all of them, and is not made. */
export async function planMigrations(file: string): Promise<readonly Migration[]> {
  if (file === ":memory:" || !existsSync(file)) return MIGRATIONS;
  refuseNoFile(file);
  let db: Database.Database;
  try {
    db = new Database(file, { readonly: true, timeout: OPEN_LIMIT_MS });
  } catch (error) {
    throw translate(error, file);
  }
  try {
    return pendingMigrations(db);
  } finally {
    db.close();
  }
}
