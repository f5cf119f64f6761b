import { join } from "node:path";
import * as servers from "../../src/verify/faults/server/postgres-server.ts";
import { installedFolder } from "./binaries.ts";

export type { PostgresServer } from "../../src/verify/faults/server/postgres-server.ts";

export type ServerOptions = Omit<servers.ServerOptions, "binFolder">;

/** Make an empty database, start the server that is installed for tests, and resolve when it accepts connections. */
export async function startServer(options: ServerOptions = {}): Promise<servers.PostgresServer> {
  return servers.startServer({ binFolder: join(installedFolder(), "bin"), ...options });
}
