import { openMillrace } from "millrace";
import { Pool, type PoolClient } from "pg";
import { PULL_CHECK, scopeOf, type Forge } from "./items.ts";

const INSERT = "INSERT INTO items (repository, number, kind, title) VALUES ($1, $2, $3, $4)";

/** @param url of a database; the tables lie in the schema that its connections find first */
export async function openOnPostgres(url: string): Promise<Forge> {
  const mill = await openMillrace(url);
  const pool = new Pool({ connectionString: url });
  await pool.query(`CREATE TABLE IF NOT EXISTS items (
    repository text NOT NULL, number bigint NOT NULL, kind text NOT NULL, title text NOT NULL,
    UNIQUE (repository, number))`);

  async function transaction<T>(work: (tx: PoolClient) => Promise<T>): Promise<T> {
    const tx = await pool.connect();
    try {
      await tx.query("BEGIN");
      const value = await work(tx);
      await tx.query("COMMIT");
      return value;
    } catch (error) {
      await tx.query("ROLLBACK");
      throw error;
    } finally {
      tx.release();
    }
  }

  return {
    mill,
    // From the number to the commit, others who create in this repository wait; so nothing slow lies between them.
    create: ({ repository, kind, title, fails = false }) =>
      transaction(async (tx) => {
        const number = await mill.number(scopeOf(repository), { tx });
        await tx.query(INSERT, [repository, number, kind, title]);
        if (kind === "pull") await mill.enqueue(PULL_CHECK, { repository, number }, { tx, queue: "checks" });
        if (fails) throw new Error(`${repository}#${number} was not to be`);
        return number;
      }),
    add: ({ repository, kind, title }, number) =>
      transaction(async (tx) => void (await tx.query(INSERT, [repository, number, kind, title]))),
    adopt: (repository) =>
      transaction(async (tx) => {
        await tx.query("LOCK TABLE items IN SHARE ROW EXCLUSIVE MODE");
        const { rows } = await tx.query<{ last: string }>(
          "SELECT coalesce(max(number), 0) AS last FROM items WHERE repository = $1",
          [repository],
        );
        const last = Number(rows[0]?.last);
        await mill.adoptNumbers(scopeOf(repository), last, { tx });
        return last;
      }),
    async numbers(repository) {
      const { rows } = await pool.query<{ number: string }>(
        "SELECT number FROM items WHERE repository = $1 ORDER BY number",
        [repository],
      );
      return rows.map(({ number }) => Number(number));
    },
    async close() {
      await mill.close();
      await pool.end();
    },
  };
}
