import { randomBytes } from "node:crypto";
import { openMillrace, type Logger, type Millrace, type MillraceOptions } from "millrace";
import { Client } from "pg";
import { afterAll, beforeAll, onTestFailed, onTestFinished } from "vitest";
import { installedFolder } from "../postgres/binaries.ts";
import { startServer, type PostgresServer, type ServerOptions } from "../postgres/server.ts";
import { missingPostgres } from "../postgres/test-database.ts";
import { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";

/** Why no server can be started here, so that tests which need one of their own are to be skipped. */
export function missingServer(): string | undefined {
  try {
    installedFolder();
    return missingPostgres();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A server for the tests of a file, which may pull its plug. */
export function aServer(options: ServerOptions = {}): () => PostgresServer {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    if (missingServer() === undefined) server = await startServer(options);
  });
  afterAll(async () => server?.remove());
  return () => {
    if (server === undefined) throw new Error("there is no server");
    return server;
  };
}

/** Two ways to a new, empty store: over a network that can be broken, and past it. */
export interface Road {
  readonly url: string;
  readonly directUrl: string;
  readonly proxy: TcpProxy;
  readonly schema: string;
}

export async function newRoad(server: PostgresServer): Promise<Road> {
  const proxy = await TcpProxy.to({ host: "127.0.0.1", port: server.port });
  onTestFinished(() => proxy.close());
  const schema = `millrace_${randomBytes(6).toString("hex")}`;
  const directUrl = `${server.url}?schema=${schema}`;
  return { url: proxy.through(directUrl), directUrl, proxy, schema };
}

/** A client that is closed after the test; what its logger was told is shown when the test fails. */
export async function openClient(url: string, options: MillraceOptions = {}): Promise<Millrace> {
  const said: string[] = [];
  const note =
    (level: string): Logger["warn"] =>
    ({ error, ...fields }, message) =>
      void said.push(`${performance.now().toFixed(0)} ${level}: ${message} ${JSON.stringify(fields)} ${String(error)}`);
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: note("warn"), error: note("error") };
  const mill = await openMillrace(url, { logger, ...options });
  onTestFinished(() => mill.close());
  onTestFailed(() => void process.stdout.write(`what the logger was told:\n${said.join("\n")}\n`));
  return mill;
}

/** A connection of a superuser's, past every proxy. */
export async function anAdmin(server: PostgresServer): Promise<Client> {
  const client = new Client(server.url);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}
