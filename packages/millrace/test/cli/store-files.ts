import { openSync, writeSync, closeSync, statSync, truncateSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import Database from "better-sqlite3";
import { openMillrace } from "millrace";

/** A store with mail#1 (completed), mail#2 and mail#3 (queued, one with the key k1), in a file on its own. */
export async function makeStore(file: string): Promise<void> {
  // Closing folds the write-ahead log into the file, which can then be copied.
  await fillStore(`sqlite:${file}`);
}

/** The same, wherever this leads to. */
export async function fillStore(url: string): Promise<void> {
  const mill = await openMillrace(url);
  const first = await mill.enqueue("mail.send", { to: "ada" }, { queue: "mail" });
  const worker = mill.worker({ queues: ["mail"] }).handle("mail.send", (_, ctx) => {
    ctx.log("connecting");
    ctx.log("sent");
    return { messageId: "m1" };
  });
  await worker.start();
  await mill.wait(first.id);
  await worker.stop();
  await mill.enqueue("mail.send", 1, { queue: "mail", key: "k1" });
  await mill.enqueue("mail.send", { to: "bob" }, { queue: "mail", tags: { customer: "7" }, group: "news" });
  await mill.close();
}

/** The schema of a Millrace that does not exist yet. */
export async function makeNewerStore(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const db = new Database(to);
  db.exec("INSERT INTO millrace_schema (version, name, applied_at) VALUES (999, 'of the future', 0)");
  db.close();
}

/** The header and the schema as they were, garbage behind them. */
export async function makeCorruptStore(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const { size } = statSync(to);
  const pageBytes = 4_096;
  const fd = openSync(to, "r+");
  for (let at = 2 * pageBytes; at < size; at += pageBytes)
    writeSync(fd, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, at);
  closeSync(fd);
}

/** What is left when a copy is interrupted. */
export async function truncateStore(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  truncateSync(to, 5_000);
}

/** A store in which a job has lost its ticket and another has one too many. */
export async function makeBrokenStore(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const db = new Database(to);
  db.pragma("foreign_keys = OFF");
  db.exec("DELETE FROM millrace_ready WHERE job = (SELECT min(job) FROM millrace_ready)");
  db.close();
}

/** Holds the write lock of a copy from this process, or keeps readers out as well, until it is let go. */
export async function lockStore(from: string, to: string, against: "writers" | "readers"): Promise<() => void> {
  await copyFile(from, to);
  const db = new Database(to);
  // A writer leaves readers of a write-ahead log alone, unless it wants the file for itself.
  if (against === "readers") db.pragma("locking_mode = EXCLUSIVE");
  db.exec("BEGIN EXCLUSIVE");
  return () => {
    db.exec("ROLLBACK");
    db.close();
  };
}
