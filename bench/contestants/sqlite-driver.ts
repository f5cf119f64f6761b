import { loadPeer } from "./load-peer.ts";

/** The part of a better-sqlite3 connection that plainjob's adapter and we need. */
export interface SqliteFile {
  pragma(source: string): unknown;
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: readonly unknown[]): unknown };
  transaction(work: () => void): { immediate(): void };
  close(): void;
}

/** The driver that Millrace uses, in the same build: what is compared is the queues. */
export async function openFile(path: string): Promise<SqliteFile> {
  const driver = await loadPeer<{ readonly default: new (path: string) => SqliteFile }>("better-sqlite3");
  return new driver.default(path);
}

const tables = new WeakSet<SqliteFile>();

/** A transaction that writes a row of the caller's, and does what else belongs to it. */
export function writeOwnRow(file: SqliteFile, n: number, also: () => unknown): void {
  if (!tables.has(file)) {
    file.exec("CREATE TABLE IF NOT EXISTS own_row (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT");
    tables.add(file);
  }
  file
    .transaction(() => {
      file.prepare("INSERT INTO own_row (n) VALUES (?)").run(n);
      also();
    })
    .immediate();
}
