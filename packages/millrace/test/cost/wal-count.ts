import type { Client } from "pg";
import { raise } from "./meter.ts";

/** What one row of the log's table of contents says. */
interface WalRow {
  readonly what: string;
  readonly count: number;
}

/**
 * What was written between two places of the write-ahead log for the tables of a schema: rows and index entries by table,
 * commits, and bytes. Records of transactions that wrote to none of them, and of the server itself, are left out.
 * $1, $2: the places. $3: the schema.
 */
const WRITTEN = `
  WITH base AS (SELECT * FROM pg_class WHERE relnamespace = $3::text::regnamespace),
  stored AS (
    SELECT oid, relfilenode AS file, relname::text AS name, 'rows ' AS kind FROM base WHERE relkind IN ('r', 'S')
    UNION ALL
    SELECT t.oid, t.relfilenode, b.relname, 'toast rows ' FROM base b JOIN pg_class t ON t.oid = b.reltoastrelid
  ),
  part AS MATERIALIZED (
    SELECT file, name, kind FROM stored
    UNION ALL
    SELECT x.relfilenode, s.name, 'index entries ' FROM stored s JOIN pg_index i ON i.indrelid = s.oid JOIN pg_class x ON x.oid = i.indexrelid
  ),
  block AS MATERIALIZED (
    SELECT b.start_lsn, b.xid, b.block_id, b.resource_manager AS manager, b.record_type AS type, p.name, p.kind
    FROM pg_get_wal_block_info($1::text::pg_lsn, $2::text::pg_lsn, false) b JOIN part p ON p.file = b.relfilenode
    WHERE b.reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  ),
  record AS MATERIALIZED (
    SELECT start_lsn, xid, resource_manager AS manager, record_type AS type, record_length AS bytes
    FROM pg_get_wal_records_info($1::text::pg_lsn, $2::text::pg_lsn)
  ),
  ours AS MATERIALIZED (
    SELECT * FROM record WHERE start_lsn IN (SELECT start_lsn FROM block)
      OR (xid <> '0'::xid AND xid IN (SELECT xid FROM block))
  ),
  moved AS (
    SELECT kind || CASE
        WHEN type LIKE 'INSERT%' OR type LIKE 'SPLIT%' THEN CASE kind WHEN 'index entries ' THEN 'in ' ELSE 'inserted into ' END
        WHEN type LIKE '%UPDATE%' THEN 'updated in '
        WHEN type LIKE 'DELETE%' THEN 'deleted from '
        ELSE 'locked in '
      END || name AS what
    FROM block
    WHERE block_id = 0 AND CASE kind
      WHEN 'index entries ' THEN type IN ('INSERT_LEAF', 'INSERT_POST', 'SPLIT_L', 'SPLIT_R')
      ELSE manager = 'Heap' AND (type = 'LOCK' OR type ~ '^(INSERT|UPDATE|HOT_UPDATE|DELETE)([+]INIT)?$')
    END
  )
  SELECT 'commits' AS what, count(*)::float8 AS count FROM ours WHERE manager = 'Transaction' AND type LIKE 'COMMIT%'
  UNION ALL SELECT 'WAL bytes', coalesce(sum(bytes), 0)::float8 FROM ours
  UNION ALL (SELECT what, count(*)::float8 FROM moved GROUP BY what ORDER BY what)`;

/** How far the log has come. */
export async function walPlace(client: Client): Promise<string> {
  // What our commits wrote has been flushed; what comes behind it is not ours.
  const { rows } = await client.query<{ place: string }>("SELECT pg_current_wal_flush_lsn()::text AS place");
  return rows[0]?.place ?? "0/0";
}

/** Adds what was written for a schema since a place of the log. The server needs the extension pg_walinspect. */
export async function countWal(
  client: Client,
  { schema, from }: { readonly schema: string; readonly from: string },
  totals: Map<string, number>,
): Promise<void> {
  const { rows } = await client.query<WalRow>(WRITTEN, [from, await walPlace(client), schema]);
  for (const { what, count } of rows) raise(totals, what, count);
}
