import Database from "better-sqlite3";
import { openMillrace } from "millrace";
import { PULL_CHECK, scopeOf, type Forge, type NewItem } from "./items.ts";

/** Transactions of better-sqlite3 are synchronous; begin them with `.immediate()`. */
export async function openOnSqlite(file: string): Promise<Forge> {
  // A file has one writer at a time and keeps no queue of those who wait: under load, a turn may be long in coming.
  const db = new Database(file, { timeout: 20_000 });
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL"); // so that our commits are as durable as Millrace's
  db.exec(`CREATE TABLE IF NOT EXISTS items (
    repository TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    UNIQUE (repository, number)) STRICT`);
  // The same file: two files do not commit together.
  const mill = await openMillrace(`sqlite:${file}`);

  const insert = db.prepare("INSERT INTO items (repository, number, kind, title) VALUES (?, ?, ?, ?)");
  const highest = db
    .prepare<[string], number>("SELECT coalesce(max(number), 0) FROM items WHERE repository = ?")
    .pluck();
  const numbers = db.prepare<[string], number>("SELECT number FROM items WHERE repository = ? ORDER BY number").pluck();

  const create = db.transaction(({ repository, kind, title, fails = false }: NewItem) => {
    const number = mill.numberSync(scopeOf(repository), { tx: db });
    insert.run(repository, number, kind, title);
    if (kind === "pull") mill.enqueueSync(PULL_CHECK, { repository, number }, { tx: db, queue: "checks" });
    if (fails) throw new Error(`${repository}#${number} was not to be`);
    return number;
  });

  const adopt = db.transaction((repository: string) => {
    const last = highest.get(repository) ?? 0;
    void mill.adoptNumbers(scopeOf(repository), last, { tx: db }); // done when it returns, or it has thrown
    return last;
  });

  return {
    mill,
    create: async (item) => create.immediate(item),
    add: async ({ repository, kind, title }, number) => void insert.run(repository, number, kind, title),
    adopt: async (repository) => adopt.immediate(repository),
    numbers: async (repository) => numbers.all(repository),
    async close() {
      await mill.close();
      db.close();
    },
  };
}
