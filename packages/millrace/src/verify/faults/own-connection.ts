import { Client } from "pg";
import { StoreError } from "../../core/errors.ts";

/** Parameters that mean something to Millrace, and nothing to the driver. */
const OURS = new Set(["schema", "max", "pgbouncer", "target_session_attrs"]);
const CONNECT_LIMIT_MS = 10_000;

/** The hosts of a URL, each in one of its own that the driver understands. */
export function urlsOfHosts(url: string): readonly string[] {
  const [, before = "", hosts = "", path = "", query = ""] =
    /^([a-z]+:\/\/(?:[^@/?]*@)?)([^/?]*)([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  const kept = new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => !OURS.has(name)));
  return hosts.split(",").map((host) => `${before}${host}${path}${kept.size === 0 ? "" : `?${kept.toString()}`}`);
}

/** The same URL with these parameters. */
export function withParameters(url: string, parameters: Readonly<Record<string, string>>): string {
  const [address = "", query = ""] = url.split("?", 2);
  const all = new URLSearchParams(query);
  for (const [name, value] of Object.entries(parameters)) all.set(name, value);
  return `${address}?${all.toString()}`;
}

/**
 * Do something on a connection of its own, to the first host that takes writes, or with `target_session_attrs=any` to the
 * first that answers.
 * @throws StoreError when none does
 */
export async function onConnection<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(url: string): Promise<Client> {
  const needsWrites = !/[?&]target_session_attrs=any\b/.test(url);
  let reason: unknown;
  for (const each of urlsOfHosts(url)) {
    const client = new Client({ connectionString: each, connectionTimeoutMillis: CONNECT_LIMIT_MS });
    // A connection that ends while nothing is asked says so to the next question.
    client.on("error", () => undefined);
    try {
      await client.connect();
      if (!needsWrites) return client;
      const { rows } = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
      if (rows[0]?.transaction_read_only === "off") return client;
      reason = new Error("the server takes no writes");
    } catch (error) {
      reason = error;
    }
    await client.end().catch(() => undefined);
  }
  const said = reason instanceof Error ? reason.message : String(reason);
  throw new StoreError("store_unavailable", `the PostgreSQL server cannot be used: ${said}`, { cause: reason });
}

/** Whether the server at the URL lets somebody in who may write. */
export async function isUp(url: string): Promise<boolean> {
  try {
    return await onConnection(url, () => Promise.resolve(true));
  } catch {
    return false;
  }
}
