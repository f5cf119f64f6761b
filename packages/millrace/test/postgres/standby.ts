import { join } from "node:path";
import type { PostgresServer } from "../../src/verify/faults/server/postgres-server.ts";
import * as standbys from "../../src/verify/faults/server/standby.ts";
import { installedFolder } from "./binaries.ts";

/** A second server that follows the first, which acknowledges no commit before it is on both disks. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  return standbys.startStandby(primary, { binFolder: join(installedFolder(), "bin") });
}
