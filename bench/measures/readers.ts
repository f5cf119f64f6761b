import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";

/** Of the time of a reader so much is spent reading; the rest its user looks at the figures. */
const SHARE_READING = 0.1;
const SHORTEST_PAUSE_MS = 100;

const TABLES = `
  SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY name`;

export interface Readers {
  stop(): Promise<void>;
}

/**
 * Analysts: each reads all tables of a database through, again and again, in one transaction with one snapshot, until
 * stopped. What they may still have to see cannot be vacuumed meanwhile.
 */
export async function startReaders(url: string, count: number): Promise<Readers> {
  const stop = new AbortController();
  const clients = await Promise.all(Array.from({ length: count }, () => connected(url)));
  const reading = clients.map((client, i) => readOn(client, i / count, stop.signal));
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(reading);
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  return client;
}

/** @param phase from 0 to 1, so that not all of them read at once */
async function readOn(client: Client, phase: number, stop: AbortSignal): Promise<void> {
  const { rows } = await client.query<{ name: string }>(TABLES);
  await pause(phase * SHORTEST_PAUSE_MS * 10);
  while (!stop.aborted) {
    for (const { name } of rows) {
      if (stop.aborted) return;
      const startedMs = performance.now();
      await client.query(`SELECT count(*), max(length(t::text)), sum(hashtext(t::text)::bigint) FROM ${name} t`);
      const tookMs = performance.now() - startedMs;
      const restMs = Math.max(SHORTEST_PAUSE_MS / rows.length, tookMs * (1 / SHARE_READING - 1));
      await pause(restMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
