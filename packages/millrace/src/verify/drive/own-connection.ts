import Database from "better-sqlite3";
import { connectToWrite, type UserConnection } from "./connect-to-write.ts";
import { fileOfSqliteUrl, schemaOf } from "./store-url.ts";

/** A connection of somebody who keeps data beside the queue's, and writes both in one transaction. */
export interface OwnConnection {
  /** What the library is handed as `tx`, while a transaction is open. */
  readonly tx: unknown;
  begin(): Promise<void>;
  /** Keep a line of data of one's own. */
  note(text: string): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

const TABLE = "millrace_verify_note";
const BUSY_MS = 5_000;

/** @param url of a store that takes transactions */
export async function openOwnConnection(url: string): Promise<OwnConnection> {
  return url.startsWith("sqlite:") ? openFile(url) : ownClient(await connectToWrite(url), schemaOf(url));
}

/** Make the table of the notes. */
export async function createNotes(url: string): Promise<void> {
  const create = (table: string): string => `CREATE TABLE ${table} (text text NOT NULL)`;
  if (url.startsWith("sqlite:")) {
    const db = openDatabase(url);
    db.exec(create(TABLE));
    db.close();
  } else {
    const { client, close } = await connectToWrite(url);
    await client.query(create(tableIn(schemaOf(url))));
    await close();
  }
}

export async function readNotes(url: string): Promise<readonly string[]> {
  if (url.startsWith("sqlite:")) {
    const db = openDatabase(url);
    const rows = db.prepare<[], { readonly text: string }>(`SELECT text FROM ${TABLE}`).all();
    db.close();
    return rows.map(({ text }) => text);
  }
  const { client, close } = await connectToWrite(url);
  const { rows } = await client.query<{ readonly text: string }>(`SELECT text FROM ${tableIn(schemaOf(url))}`);
  await close();
  return rows.map(({ text }) => text);
}

function openFile(url: string): OwnConnection {
  const db = openDatabase(url);
  const insert = db.prepare(`INSERT INTO ${TABLE} (text) VALUES (?)`);
  return {
    tx: db,
    begin: async () => void db.exec("BEGIN IMMEDIATE"),
    note: async (text) => void insert.run(text),
    commit: async () => void db.exec("COMMIT"),
    rollback: async () => {
      if (db.inTransaction) db.exec("ROLLBACK");
    },
    close: async () => void db.close(),
  };
}

function ownClient({ client, close }: UserConnection, schema: string): OwnConnection {
  const insert = `INSERT INTO ${tableIn(schema)} (text) VALUES ($1)`;
  return {
    tx: client,
    begin: async () => void (await client.query("BEGIN")),
    note: async (text) => void (await client.query(insert, [text])),
    commit: async () => {
      const { command } = await client.query("COMMIT");
      // What PostgreSQL answers to the commit of a transaction in which a statement had failed.
      if (command !== "COMMIT") throw new Error(`the commit was answered with ${command}`);
    },
    rollback: async () => void (await client.query("ROLLBACK")),
    close,
  };
}

function openDatabase(url: string): Database.Database {
  const db = new Database(fileOfSqliteUrl(url), { timeout: BUSY_MS });
  db.pragma("synchronous = FULL");
  return db;
}

function tableIn(schema: string): string {
  return `"${schema}".${TABLE}`;
}
