import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { OptionsError, StoreError } from "../../core/errors.ts";
import { backendKill } from "./backend-kill.ts";
import { cut } from "./cut.ts";
import type { Fault } from "./fault.ts";
import type { Ground, GroundOptions } from "./ground.ts";
import { onConnection, urlsOfHosts, withParameters } from "./own-connection.ts";
import { TcpProxy, type Address } from "./tcp-proxy.ts";

/** A schema of its own in the database that the URL names; nothing else in it is touched. */
export async function laySchema({ store, faults, chance }: GroundOptions): Promise<Ground> {
  const schema = `millrace_verify_${randomBytes(4).toString("hex")}`;
  const ownUrl = withParameters(store, { schema });
  const crewUrl = withParameters(ownUrl, { application_name: schema });
  if (faults.includes("cut")) refuseProxy(store);
  await changeSchema(store, `CREATE SCHEMA ${schema}`);
  const proxy = faults.includes("cut") ? await TcpProxy.to(addressOf(store)) : undefined;
  const all: readonly Fault[] = [
    backendKill(store, schema, chance),
    ...(proxy === undefined ? [] : [cut(proxy, chance)]),
  ];
  return {
    url: proxy === undefined ? crewUrl : throughProxy(crewUrl, proxy),
    ownUrl,
    hasOwnClock: true,
    faults: all.filter(({ name }) => faults.includes(name)),
    end: async (hasFailed) => {
      await proxy?.close();
      await onConnection(store, (client) => client.query(END_BACKENDS, [schema]));
      if (hasFailed) return `the schema ${schema}`;
      await changeSchema(store, `DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      return null;
    },
  };
}

/** What the network has forgotten may still hold a lock. */
const END_BACKENDS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";

async function changeSchema(url: string, sql: string): Promise<void> {
  await onConnection(url, async (client) => {
    try {
      await client.query(`SET client_min_messages = warning; ${sql}`);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new StoreError("store_unavailable", `${sql}: ${said}`, { cause: error });
    }
  });
}

/** @throws OptionsError for what a proxy on this machine cannot stand before */
function refuseProxy(url: string): void {
  const hosts = urlsOfHosts(url);
  if (hosts.length > 1) {
    throw new OptionsError(
      `the fault "cut" leads all connections to one host, and the store's URL names ${hosts.length}; name the one that takes writes`,
    );
  }
  const query = new URLSearchParams(url.split("?", 2)[1]);
  const mode = query.get("sslmode") ?? "disable";
  if (mode === "disable" || mode === "no-verify") return;
  if (mode !== "verify-full" && query.get("uselibpqcompat") === "true") return;
  throw new OptionsError(
    `the fault "cut" puts a proxy on 127.0.0.1 before the server, whose certificate is not for that name; ` +
      `with sslmode=no-verify in place of sslmode=${mode} it is not asked for`,
  );
}

/** Where the driver would connect to, by the URL and what the environment says. */
function addressOf(url: string): Address {
  const { host, port } = new Client(urlsOfHosts(url)[0]);
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function throughProxy(url: string, { port }: TcpProxy): string {
  const [address = "", query = ""] = url.split("?", 2);
  const kept = new URLSearchParams(query);
  kept.delete("host");
  kept.delete("port");
  return `${address.replace(/^([a-z]+:\/\/(?:[^@/?]*@)?)[^/]*/, `$1127.0.0.1:${port}`)}?${kept.toString()}`;
}
