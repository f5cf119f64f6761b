import { chmodSync, chownSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { until } from "../runtime/until.ts";
import { findBinaries } from "./binaries.ts";
import { hireCaretaker } from "./caretaker.ts";
import { freePort } from "./free-port.ts";
import { Postmaster, runToEnd } from "./postmaster.ts";
import { argumentsFor, PostgresServer, type Place } from "./server.ts";
import { serverUser } from "./server-user.ts";

const NAME = "standby";
const CATCH_UP_LIMIT_MS = 60_000;

/**
 * A second server that follows the first, which from then on acknowledges no commit before the second has it on its
 * disk as well. The first one is stopped for a moment: its folder is copied, since no program for backups is at hand.
 */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), "millrace-standby-"));
  const { username, password } = new URL(primary.url);
  const place: Place = { port: await freePort(), folder, dataFolder: join(folder, "data"), password };
  chmodSync(folder, 0o755);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const caretaker = hireCaretaker(place.dataFolder, folder);
  try {
    await primary.stop("fast");
    await runToEnd("cp", ["-a", primary.dataFolder, place.dataFolder], user);
    await primary.start();
    writeFileSync(join(place.dataFolder, "standby.signal"), "");
    if (user !== undefined) chownSync(join(place.dataFolder, "standby.signal"), user.uid, user.gid);
    const way = { host: "127.0.0.1", port: primary.port, user: username, password, application_name: NAME };
    const primary_conninfo = Object.entries(way)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
    const { postgres } = findBinaries(user, folder);
    const postmaster = new Postmaster(postgres, argumentsFor(place, { settings: { primary_conninfo } }), user);
    await postmaster.start();
    await waitForIt(primary.url);
    return new PostgresServer(postmaster, caretaker, place);
  } catch (error) {
    await caretaker.clear();
    throw error;
  }
}

/** Let the standby take writes; resolves when it does. */
export async function promote(standby: PostgresServer): Promise<void> {
  await onConnection(standby.url, (client) => client.query("SELECT pg_promote(true, 60)"));
}

/** Have each commit of the primary wait for the standby, and the standby catch up. */
async function waitForIt(url: string): Promise<void> {
  await onConnection(url, async (client) => {
    await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${NAME}'`);
    await client.query("SELECT pg_reload_conf()");
    const isInStep = async (): Promise<boolean> => {
      const { rows } = await client.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
      return rows.length > 0;
    };
    await until("the standby is in step", isInStep, CATCH_UP_LIMIT_MS);
  });
}

async function onConnection(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
