import type { PostgresPlace } from "./postgres-server.ts";
import { withClient } from "./with-client.ts";

/** What the server must be started with. It slows every statement down a little, so it is asked for. */
export const STATEMENT_SETTINGS = { shared_preload_libraries: "pg_stat_statements", track_io_timing: "on" };

const SHOWN_COUNT = 10;
const SHOWN_LENGTH = 110;

const TOP = `
  SELECT calls::float8, total_exec_time AS ms, max_exec_time AS longest, rows::float8, wal_bytes::float8, shared_blks_hit::float8 AS pages, query
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY total_exec_time DESC LIMIT $1`;

interface StatementRow {
  readonly calls: number;
  readonly ms: number;
  readonly longest: number;
  readonly rows: number;
  readonly wal_bytes: number;
  readonly pages: number;
  readonly query: string;
}

/** Begin to count in this database. */
export async function countStatements({ url }: PostgresPlace): Promise<void> {
  await withClient(url, (client) => client.query("CREATE EXTENSION pg_stat_statements"));
}

/** Forget what was counted, where something is. */
export const FORGET_STATEMENTS = `
  DO $$ BEGIN
    IF to_regclass('pg_stat_statements') IS NOT NULL THEN PERFORM pg_stat_statements_reset(); END IF;
  END $$`;

/** The statements that took longest, a line for each. */
export async function topStatements({ url }: PostgresPlace): Promise<readonly string[]> {
  const { rows } = await withClient(url, (client) => client.query<StatementRow>(TOP, [SHOWN_COUNT]));
  return rows.map(({ calls, ms, longest, rows: rowCount, wal_bytes: wal, pages, query }) => {
    const figures = [
      `${ms.toFixed(0)} ms`,
      `${calls} calls`,
      `${(ms / calls).toFixed(2)} ms each (${longest.toFixed(2)} at most)`,
      `${rowCount} rows`,
      `${pages} pages`,
      `${(wal / 1_024).toFixed(0)} KiB WAL`,
    ];
    return `  ${figures.join(", ")}: ${query.replaceAll(/\s+/g, " ").trim().slice(0, SHOWN_LENGTH)}`;
  });
}
