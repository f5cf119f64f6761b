import { Pool, type PoolClient } from "pg";
import { postgresUrl, type Place } from "./contestant.ts";

/** Connections of the caller, a table of its own, and transactions on it. */
export interface OwnRows {
  /** A transaction that writes a row of the caller's, and does what else belongs to it. */
  transaction(n: number, also: (client: PoolClient) => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

const CONNECTIONS = 16;
/** Made where it is first needed; several may try at once. */
const TABLE =
  "CREATE TABLE IF NOT EXISTS own_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint NOT NULL)";

export function openOwnRows(place: Place): OwnRows {
  const pool = new Pool({ connectionString: postgresUrl(place), max: CONNECTIONS });
  let made: Promise<unknown> | undefined;
  return {
    async transaction(n, also) {
      await (made ??= pool.query(TABLE));
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await client.query({ name: "own_row", text: "INSERT INTO own_row (n) VALUES ($1)", values: [n] });
        await also(client);
        await client.query("COMMIT");
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}
