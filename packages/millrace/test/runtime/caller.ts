import Database from "better-sqlite3";
import { Client } from "pg";

export type Row = Readonly<Record<string, unknown>>;

/** A connection of somebody who keeps data of their own beside the library's. */
export interface Caller {
  /** What the library is handed as `tx`, while a transaction is open. */
  readonly tx: unknown;
  query(sql: string): Promise<readonly Row[]>;
  /** Run `work` in a transaction; commit when it is done, roll back when it fails. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export function fileCaller(file: string): Caller {
  const tx = new Database(file, { timeout: 5_000 });
  const query = async (sql: string): Promise<readonly Row[]> => {
    const statement = tx.prepare<[], Row>(sql);
    if (statement.reader) return statement.all();
    statement.run();
    return [];
  };
  return callerOf(tx, query, "BEGIN IMMEDIATE", async () => void tx.close());
}

export async function postgresCaller(url: string): Promise<Caller> {
  const tx = new Client(url);
  await tx.connect();
  const query = async (sql: string): Promise<readonly Row[]> => (await tx.query<Row>(sql)).rows;
  return callerOf(tx, query, "BEGIN", () => tx.end());
}

function callerOf(tx: unknown, query: Caller["query"], begin: string, end: Caller["end"]): Caller {
  return {
    tx,
    query,
    end,
    async transaction(work) {
      await query(begin);
      try {
        const value = await work();
        await query("COMMIT");
        return value;
      } catch (error) {
        await query("ROLLBACK");
        throw error;
      }
    },
  };
}

class Undo extends Error {}

/** Runs `work` in a transaction that is rolled back. What `work` itself throws comes through. */
export async function undone(caller: Caller, work: () => Promise<unknown>): Promise<void> {
  const undoing = caller.transaction(async () => {
    await work();
    throw new Undo();
  });
  await undoing.catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
}
