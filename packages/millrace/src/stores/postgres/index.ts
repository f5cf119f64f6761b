import type pg from "pg";
import { OptionsError } from "../../core/errors.ts";
import type { Store } from "../../core/store.ts";
import type { Migration } from "../sql/migration.ts";
import { parseUrl, schemaName, type Address } from "./address.ts";
import { Connections } from "./connections.ts";
import { createPostgresStore } from "./postgres-store.ts";
import { migrate, pendingSteps, requireCurrentSchema, sqlOf } from "./schema.ts";
import { Statements, type EditSql } from "./statements.ts";

export interface PostgresTarget {
  /** A URL, or a `pg` Pool or Client of the user's. */
  readonly target: string | object;
  /** The schema that holds the tables; wins over the URL's. @default "millrace" */
  readonly schema?: string;
}

export interface PostgresOptions extends PostgresTarget {
  /** Create the schema or bring it up to date. @default true */
  readonly migrate?: boolean;
  /** The store's clock, milliseconds since the epoch. For tests; production leaves the time to the database. */
  readonly now?: () => number;
  /** For tests that break a rule on purpose. */
  readonly edit?: EditSql;
}

/**
 * Open a store on PostgreSQL.
 * @throws StoreError when the server cannot be used, or its schema is of another time
 */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const { connections, schema } = connect(options);
  const statements = new Statements(schema, options.edit);
  try {
    if (options.migrate === false) await requireCurrentSchema(connections, statements);
    else await migrate(connections, statements, options.now);
  } catch (error) {
    await connections.close();
    throw error;
  }
  return createPostgresStore(connections, statements, options.now);
}

/** The steps that `migrate` would take, as they would be taken in this schema. Nothing is changed. */
export async function planMigrations(options: PostgresTarget): Promise<readonly Migration[]> {
  const { connections, schema } = connect(options);
  const statements = new Statements(schema);
  try {
    const steps = await pendingSteps(connections, statements);
    return steps.map((step) => ({ ...step, sql: sqlOf(step, statements) }));
  } finally {
    await connections.close();
  }
}

function connect({ target, schema }: PostgresTarget): { readonly connections: Connections; readonly schema: string } {
  if (typeof target === "string") {
    const address = parseUrl(target);
    return { connections: Connections.to(address), schema: schemaName(schema ?? address.schema) };
  }
  const name = schemaName(schema ?? "millrace");
  if (isPool(target)) return { connections: Connections.of(target), schema: name };
  if (isClient(target)) return { connections: Connections.to(addressOf(target, name)), schema: name };
  throw new OptionsError("the store must be a postgres:// URL, a pg Pool or a pg Client; got another object");
}

/** A client is one connection, on which the caller's transactions and ours must not meet: we open others like it. */
function addressOf(client: pg.Client, schema: string): Address {
  const { host, port, user, database, ssl } = client;
  const password = client.password ?? undefined;
  const config: pg.ClientConfig = { host, port, ssl, ...(password === undefined ? {} : { password }) };
  if (user !== undefined) config.user = user;
  if (database !== undefined) config.database = database;
  return { hosts: [config], schema, needsWrites: true, isPooled: false, max: 8 };
}

function isPool(target: object): target is pg.Pool {
  return "totalCount" in target && "connect" in target && "options" in target;
}

function isClient(target: object): target is pg.Client {
  return "getTransactionStatus" in target && "connect" in target && "port" in target;
}
