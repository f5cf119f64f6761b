import type { Client, ClientConfig } from "pg";
import { watchPulse } from "../sql/watch-pulse.ts";
import type { LeasePlace } from "./pacemaker.ts";
import { presentAt } from "./session.ts";
import { Statements } from "./statements.ts";

const PROLONG = `UPDATE millrace.running SET lease_until = greatest(lease_until, ${presentAt(1)} + $3::text::bigint) WHERE worker = $2::text`;

const clients = new Map<string, Promise<Client>>();

/** Connected when first needed, which is when the event loop beside stands still. */
function clientOf(place: LeasePlace): Promise<Client> {
  const key = JSON.stringify(place);
  let client = clients.get(key);
  if (client === undefined) {
    client = connect(place.config, () => void clients.delete(key));
    clients.set(key, client);
  }
  return client;
}

async function connect(config: ClientConfig, onEnd: () => void): Promise<Client> {
  // Loaded when it is needed, which is hardly ever: it would be most of what the thread costs.
  const driver = await import("pg");
  const client = new driver.Client({ ...config, connectionTimeoutMillis: 3_000, query_timeout: 5_000 });
  client.on("error", onEnd);
  client.on("end", onEnd);
  try {
    await client.connect();
    return client;
  } catch (error) {
    onEnd();
    throw error;
  }
}

watchPulse<LeasePlace>(async ({ id, leaseMs, place }) => {
  try {
    const client = await clientOf(place);
    await client.query(new Statements(place.schema).inSchema(PROLONG), [null, id, String(leaseMs)]);
    return true;
  } catch {
    // Whatever it was, the next tick asks again; a lease that nobody can keep runs out.
    return false;
  }
});
