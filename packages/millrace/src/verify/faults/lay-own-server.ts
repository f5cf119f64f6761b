import { isMillraceError, StoreError } from "../../core/errors.ts";
import { backendKill } from "./backend-kill.ts";
import { Cluster } from "./cluster.ts";
import { cut } from "./cut.ts";
import { dbRestart } from "./db-restart.ts";
import { failover } from "./failover.ts";
import type { Fault } from "./fault.ts";
import type { Ground, GroundOptions } from "./ground.ts";
import { withParameters } from "./own-connection.ts";
import { serverDisk } from "./server-disk.ts";
import { refuseWithoutMounts } from "./server/small-disk.ts";
import { TcpProxy, type Address } from "./tcp-proxy.ts";

const APPLICATION_NAME = "millrace_verify";
/** A new standby is a copy of it all, and the log need not be the most of it. */
const SETTINGS = { max_wal_size: "256MB" };

/** A PostgreSQL server of its own, with a standby when it is to fail over; the server of the URL is not touched. */
export async function layOwnServer({
  faults,
  chance,
  postgresBin,
}: GroundOptions & { readonly postgresBin: string }): Promise<Ground> {
  const has = (name: Fault["name"]): boolean => faults.includes(name);
  if (has("disk")) await refuseWithoutMounts();
  const plan = { binFolder: postgresBin, settings: SETTINGS, hasStandby: has("failover"), hasOwnDisk: has("disk") };
  const cluster = await Cluster.start(plan).catch(refuse);
  const proxy = has("cut") ? await TcpProxy.to(addressOf(cluster)) : undefined;
  const crewUrl = withParameters(proxy?.through(cluster.primary.url) ?? cluster.url, {
    application_name: APPLICATION_NAME,
  });
  const lead = (): void => proxy?.lead(addressOf(cluster));
  const all: readonly Fault[] = [
    dbRestart(cluster, chance),
    backendKill(cluster.url, APPLICATION_NAME, chance),
    ...(proxy === undefined ? [] : [cut(proxy, chance)]),
    serverDisk(cluster, chance),
    failover(cluster, chance, lead),
  ];
  return {
    url: crewUrl,
    ownUrl: cluster.url,
    hasOwnClock: true,
    faults: all.filter(({ name }) => has(name)),
    end: async (hasFailed) => {
      await proxy?.close();
      if (hasFailed) return `the data folder ${await cluster.keep()}`;
      await cluster.remove();
      return null;
    },
  };
}

function refuse(error: unknown): never {
  if (isMillraceError(error)) throw error;
  const said = error instanceof Error ? error.message : String(error);
  throw new StoreError("store_unavailable", said, { cause: error });
}

function addressOf({ primary }: Cluster): Address {
  return { host: "127.0.0.1", port: primary.port };
}
