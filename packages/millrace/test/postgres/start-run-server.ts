import { existsSync, statfsSync } from "node:fs";
import { startServer, type PostgresServer } from "./server.ts";

/** Room for what a whole run writes, and for the log of it. */
const ROOM_BYTES = 1_500_000_000;
const SETTINGS = { max_wal_size: "256MB" };

/** Start the one server that all tests of a run share. */
export async function startRunServer(): Promise<PostgresServer> {
  return startServer({ settings: SETTINGS, ...placeInMemory() });
}

/**
 * No test pulls the plug on the server that all of them share, so what it writes through need not go further than to
 * memory, where there is room. The server does not know, and is set up as it would be anywhere.
 */
function placeInMemory(): { readonly parentFolder?: string } {
  const parentFolder = "/dev/shm";
  if (!existsSync(parentFolder)) return {};
  const { bavail, bsize } = statfsSync(parentFolder);
  return bavail * bsize > ROOM_BYTES ? { parentFolder } : {};
}
