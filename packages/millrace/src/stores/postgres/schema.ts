import type pg from "pg";
import { OptionsError, StoreError } from "../../core/errors.ts";
import type { Migration } from "../sql/migration.ts";
import type { Connections } from "./connections.ts";
import { translate } from "./errors.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { quoteName, type Statements } from "./statements.ts";

const OLDEST_SERVER = 140_000;
/** Making an index on a large table takes its time; who comes meanwhile waits as long for the lock. */
const MIGRATE_LIMIT_MS = 600_000;

/** Steps that this schema still lacks. @throws StoreError `schema_too_new` when it is ahead of this program */
export async function pendingSteps(connections: Connections, statements: Statements): Promise<readonly Migration[]> {
  return run(connections, 10_000, async (client) => {
    await requireServer(client, connections.place);
    return stepsAfter(await versionOf(client, statements), connections.place, statements.schema);
  });
}

/**
 * Bring the schema up to date, all steps in one transaction. Many processes may try at once; one does it, the others
 * wait for it.
 */
export async function migrate(
  connections: Connections,
  statements: Statements,
  now: (() => number) | undefined,
): Promise<readonly Migration[]> {
  // Asked first without any lock, and so without the right to change anything: most of the time nothing is to be done.
  if ((await pendingSteps(connections, statements)).length === 0) return [];
  return run(connections, MIGRATE_LIMIT_MS, async (client) => {
    await client.query(
      `BEGIN; SET LOCAL statement_timeout = ${MIGRATE_LIMIT_MS}; SET LOCAL lock_timeout = ${MIGRATE_LIMIT_MS}; SET LOCAL client_min_messages = warning`,
    );
    try {
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
        `millrace migrate ${statements.schema}`,
      ]);
      const pending = stepsAfter(await versionOf(client, statements), connections.place, statements.schema);
      for (const step of pending) await client.query(`${sqlOf(step, statements)}; ${recordOf(step, statements, now)}`);
      await client.query("COMMIT");
      return pending;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  });
}

/** @throws StoreError `schema_too_old` when steps are missing */
export async function requireCurrentSchema(connections: Connections, statements: Statements): Promise<void> {
  const [next] = await pendingSteps(connections, statements);
  if (next === undefined) return;
  throw new StoreError(
    "schema_too_old",
    `${connections.place}: the schema ${statements.schema} lacks step ${next.version} (${next.name}); run \`millrace migrate\``,
  );
}

/** What a step does to this schema. The first one makes it, unless somebody with the right to do so has. */
export function sqlOf({ version, sql }: Migration, statements: Statements): string {
  if (version !== 1) return statements.inSchema(sql);
  const schema = quoteName(statements.schema);
  const literal = statements.schema.replaceAll("'", "''");
  const first = `DO $do$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${literal}') THEN CREATE SCHEMA ${schema}; END IF;
END $do$;
CREATE TABLE millrace.migration (version integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL);
`;
  return statements.inSchema(`${first}${sql}`);
}

function recordOf({ version, name }: Migration, statements: Statements, now: (() => number) | undefined): string {
  const at = now === undefined ? "floor(extract(epoch FROM clock_timestamp()) * 1000)" : String(now());
  return statements.inSchema(`INSERT INTO millrace.migration VALUES (${version}, '${name}', ${at})`);
}

function stepsAfter(version: number, place: string, schema: string): readonly Migration[] {
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  if (version <= newest) return MIGRATIONS.filter((migration) => migration.version > version);
  throw new StoreError(
    "schema_too_new",
    `${place}: the schema ${schema} is version ${version}, this Millrace knows versions up to ${newest}; install a newer Millrace`,
    { details: { version, newest } },
  );
}

/** The last step taken; 0 when there is none. @throws StoreError when the schema holds tables that are not ours */
async function versionOf(client: pg.ClientBase, statements: Statements): Promise<number> {
  const { rows } = await client.query<{ relname: string }>(
    `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname IN ('migration', 'job', 'queue', 'ready') AND c.relkind IN ('r', 'p')`,
    [statements.schema],
  );
  const tables = rows.map(({ relname }) => relname);
  if (tables.length === 0) return 0;
  if (!tables.includes("migration") || !tables.includes("job")) {
    throw new StoreError(
      "store_corrupt",
      `the schema ${statements.schema} holds a table ${tables.join(", ")} that Millrace did not make; use another schema`,
    );
  }
  const { rows: versions } = await client.query<{ version: number | null }>(
    statements.inSchema("SELECT max(version) AS version FROM millrace.migration"),
  );
  return versions[0]?.version ?? 0;
}

async function requireServer(client: pg.ClientBase, place: string): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string; named: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS named,
            current_setting('server_encoding') AS encoding`,
  );
  const [server] = rows;
  if (server === undefined) throw new Error("the server told no version");
  if (Number(server.version) < OLDEST_SERVER) {
    throw new OptionsError(`${place} runs PostgreSQL ${server.named}; Millrace needs 14 or newer`);
  }
  if (server.encoding !== "UTF8") {
    throw new OptionsError(`${place} stores text as ${server.encoding}; Millrace needs a database in UTF8`);
  }
}

async function run<T>(
  connections: Connections,
  limitMs: number,
  work: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  try {
    return await connections.use(work, { limitMs, isRepeatable: true });
  } catch (error) {
    throw translate(error, connections.place);
  }
}
