import { withClient } from "./with-client.ts";
import { countStatements, FORGET_STATEMENTS, STATEMENT_SETTINGS } from "./top-statements.ts";
import { startServer, type PostgresServer } from "../packages/millrace/test/postgres/server.ts";

/** What a task is told of the server: a database of its own, and the process that all others are children of. */
export interface PostgresPlace {
  readonly url: string;
  /** `null` for a server that the run did not start. */
  readonly pid: number | null;
}

export interface BenchPostgres {
  /** A line of the report: which server, and with what settings. */
  readonly description: string;
  readonly version: string;
  /** An empty database, on a server that has nothing left to write. */
  makeDatabase(): Promise<PostgresPlace>;
  dropDatabase(place: PostgresPlace): Promise<void>;
  stop(): Promise<void>;
}

/** What PostgreSQL comes with; the server of the tests allows more connections. */
export const DEFAULTS = { max_connections: "100" };
/** With one of these off, an answered commit may be lost. */
const DURABLE_SETTINGS = ["fsync", "synchronous_commit", "full_page_writes"];
const TOLD_SETTINGS = ["shared_buffers", "max_wal_size", "autovacuum", "wal_sync_method"];

/**
 * The PostgreSQL of `MILLRACE_BENCH_POSTGRES`, or one of our own with its default settings.
 * @throws Error when there is none, or when what it answers may be lost
 */
export async function openBenchPostgres(folder: string, hasStatements = false): Promise<BenchPostgres> {
  const given = process.env["MILLRACE_BENCH_POSTGRES"];
  if (given !== undefined && given !== "") return openWith(given, undefined, hasStatements);
  const settings = { ...DEFAULTS, ...(hasStatements ? STATEMENT_SETTINGS : {}) };
  const server = await startServer({ parentFolder: folder, settings });
  try {
    return await openWith(server.url, server, hasStatements);
  } catch (error) {
    await server.remove();
    throw error;
  }
}

async function openWith(
  url: string,
  server: PostgresServer | undefined,
  hasStatements: boolean,
): Promise<BenchPostgres> {
  const names = ["server_version", ...DURABLE_SETTINGS, ...TOLD_SETTINGS];
  const settings = await withClient(url, async (client) => {
    const { rows } = await client.query<[string, string]>({
      text: "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ($1)",
      values: [names],
      rowMode: "array",
    });
    return new Map(rows);
  });
  const off = DURABLE_SETTINGS.filter((name) => settings.get(name) !== "on");
  if (off.length > 0) throw new Error(`the PostgreSQL server has ${off.join(" and ")} off; nothing would be durable`);
  const version = settings.get("server_version") ?? "unknown";
  const whose = server === undefined ? "the server that was given" : "a server of the run's own, as it comes";
  const told = [...DURABLE_SETTINGS, ...TOLD_SETTINGS].map((name) => `${name} ${settings.get(name)}`);
  let made = 0;
  return {
    version,
    description: `PostgreSQL ${version}, ${whose}: ${told.join(", ")}.`,
    makeDatabase: async () => {
      made += 1;
      const name = `millrace_bench_${process.pid}_${made}`;
      await withClient(url, async (client) => {
        await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
        await client.query("CHECKPOINT");
      });
      const address = new URL(url);
      address.pathname = `/${name}`;
      const place = { url: address.href, pid: server?.pid ?? null };
      if (hasStatements) await countStatements(place);
      return place;
    },
    dropDatabase: async (place) => {
      const name = new URL(place.url).pathname.slice(1);
      await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
    stop: async () => server?.remove(),
  };
}

/**
 * After a queue was filled, the same for every contestant: no vacuum is due, the planner knows the tables, and nothing
 * is left to be written. Without it, chance decides whether autovacuum comes before, in the middle or after.
 */
export async function comeToRest(place: PostgresPlace | null): Promise<void> {
  if (place === null) return;
  await withClient(place.url, async (client) => {
    await client.query("VACUUM (ANALYZE)");
    await client.query("CHECKPOINT");
    await client.query(FORGET_STATEMENTS);
  });
}
