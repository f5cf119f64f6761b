import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onConnection } from "../own-connection.ts";
import { holding } from "../passing.ts";
import { runToEnd } from "./postmaster.ts";
import { makePlace, PostgresServer, type ServerOptions } from "./postgres-server.ts";

const NAME = "standby";
const CATCH_UP_LIMIT_MS = 60_000;
/** After a restart of the primary its commits wait until the standby has come back to it. */
const SETTINGS = { wal_retrieve_retry_interval: "100ms" };

/**
 * A second server that follows the first, which from then on acknowledges no commit before the second has it on its
 * disk as well. The first one is stopped for a moment: its folder is copied, so that no program for backups is needed.
 */
export async function startStandby(primary: PostgresServer, options: ServerOptions): Promise<PostgresServer> {
  const { password } = primary.place;
  const place = await makePlace(options, password);
  try {
    await primary.stop("fast");
    await runToEnd("cp", ["-a", `${primary.dataFolder}/.`, place.dataFolder], place.user);
    // From its first moment on: what is not on both disks is not acknowledged.
    await primary.start({ synchronous_standby_names: NAME });
    const signal = join(place.dataFolder, "standby.signal");
    writeFileSync(signal, "");
    if (place.user !== undefined) chownSync(signal, place.user.uid, place.user.gid);
    const way = { host: "127.0.0.1", port: primary.port, user: "postgres", password, application_name: NAME };
    const primary_conninfo = Object.entries(way)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
    const standby = await PostgresServer.startAt(place, { ...options.settings, primary_conninfo, ...SETTINGS });
    await inStep(primary);
    return standby;
  } catch (error) {
    await place.caretaker.clear();
    throw error;
  }
}

/** Let the standby take writes; resolves when it does. */
export async function promote(standby: PostgresServer): Promise<void> {
  const { rows } = await onConnection(`${standby.url}?target_session_attrs=any`, (client) =>
    client.query<{ is_promoted: boolean }>("SELECT pg_promote(true, 60) AS is_promoted"),
  );
  if (rows[0]?.is_promoted !== true) throw new Error(`the standby was not promoted:\n${standby.log}`);
}

/** Resolves when all that the primary has acknowledged is on the disk of its standby. */
export async function inStep(primary: PostgresServer): Promise<void> {
  const isInStep = async (): Promise<boolean> =>
    onConnection(primary.url, async (client) => {
      const { rows } = await client.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
      return rows.length > 0;
    });
  await holding("the standby is in step", isInStep, CATCH_UP_LIMIT_MS);
}
