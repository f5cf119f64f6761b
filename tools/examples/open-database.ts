import { startServer } from "../../packages/millrace/test/postgres/server.ts";

/** A PostgreSQL that examples may use. */
export interface Database {
  readonly url: string;
  end(): Promise<void>;
}

/**
 * The one that MILLRACE_TEST_POSTGRES names, or a server of our own.
 * @throws Error when there is none for this system
 */
export async function openDatabase(): Promise<Database> {
  const given = process.env["MILLRACE_TEST_POSTGRES"];
  if (given !== undefined && given !== "") return { url: given, end: () => Promise.resolve() };
  const server = await startServer();
  return { url: server.url, end: () => server.remove() };
}
