import { loadPeer } from "./load-peer.ts";

/** The part of a better-sqlite3 connection that plainjob's adapter and we need. */
export interface SqliteFile {
  pragma(source: string): unknown;
  close(): void;
}

/** The driver that Millrace uses, in the same build: what is compared is the queues. */
export async function openFile(path: string): Promise<SqliteFile> {
  const driver = await loadPeer<{ readonly default: new (path: string) => SqliteFile }>("better-sqlite3");
  return new driver.default(path);
}
