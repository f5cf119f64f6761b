import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { OptionsError } from "../core/errors.ts";
import { countProblem, refuseOptions } from "../core/options.ts";
import { refuseClient } from "./client-error.ts";
import { createHandler, type HandlerOptions } from "./create-handler.ts";
import { nodeListener } from "./node-listener.ts";

export interface ServeOptions extends HandlerOptions {
  /** The address to listen on. @default "127.0.0.1": this machine only */
  readonly host?: string;
  /** 0 takes one that is free. @default 7337 */
  readonly port?: number;
  /** How long requests may go on once the server stops, in milliseconds. @default 10_000 */
  readonly stopGraceMs?: number;
}

/** A server that listens. */
export interface HttpServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /**
   * Stop in order: no new connections, long polls and streams end, requests are answered, and whatever goes on after
   * `stopGraceMs` is cut. The queue stays open. Safe to call twice.
   */
  readonly stop: () => Promise<void>;
}

const HIGHEST_PORT = 65_535;
/** Whoever sends headers more slowly than this is cut. */
const HEADERS_MS = 10_000;
/** Longer than the usual load balancer keeps a connection, so that it is never cut just as it is used again. */
const KEEP_ALIVE_MS = 65_000;
/** Artifacts take as long as they take, on thin lines too; the bodies of other requests have a limit of their own. */
const REQUEST_MS = 0;
/** A connection on which nothing moves for so long is cut; claims wait for less, and streams are not silent for so long. */
const SILENT_MS = 120_000;
const LOOK_FOR_SLOW_MS = 5_000;

/**
 * Serve the HTTP API on a port, and keep the queue in order meanwhile: due jobs, lost leases, schedules, retention.
 * Resolves when it listens.
 * @throws OptionsError when nobody could get in, a secret is too short, or it cannot listen there
 */
export async function serveHttp(options: ServeOptions): Promise<HttpServer> {
  const { host = "127.0.0.1", port = 7_337, stopGraceMs = 10_000, ...rest } = options;
  refuseOptions([
    countProblem(port, "port", 0),
    port > HIGHEST_PORT ? `port must be at most ${HIGHEST_PORT}; got ${port}` : undefined,
    countProblem(stopGraceMs, "stopGraceMs", 0),
  ]);
  const handler = createHandler(rest);
  const answer = nodeListener(handler);
  const unused = new Set<Socket>();
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: LOOK_FOR_SLOW_MS,
    },
    (request: IncomingMessage, response: ServerResponse) => {
      unused.delete(request.socket);
      closeIdleAfter(server, response);
      answer(request, response);
    },
  );
  // Node takes a connection on which nothing was asked yet for one that is busy.
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  const endWaiting = (): void => {
    handler.close();
    for (const socket of unused) socket.destroy();
  };
  server.setTimeout(SILENT_MS);
  server.on("clientError", refuseClient);
  try {
    await listen(server, host, port);
  } catch (error) {
    handler.close();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    host,
    port: address.port,
    stop: async () => {
      stopped ??= closeServer(server, endWaiting, stopGraceMs);
      return stopped;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): OptionsError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is in use by another process; choose another port, or 0 for any that is free`,
    EADDRNOTAVAIL: `${host} is no address of this machine`,
    ENOTFOUND: `${host} is no address and no name that is known here`,
    EAI_AGAIN: `${host} is no address and no name that is known here`,
    EACCES: `port ${port} on ${host} may not be used by this user; ports from 1024 on may`,
  };
  return new OptionsError(reasons[error.code ?? ""] ?? `cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

async function closeServer(server: Server, endWaiting: () => void, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  endWaiting();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}

/** A connection that is kept alive becomes idle when its answer has gone out; it must not hold up a server that stops. */
function closeIdleAfter(server: Server, response: ServerResponse): void {
  response.once("close", () => {
    if (!server.listening) setImmediate(() => server.closeIdleConnections());
  });
}
