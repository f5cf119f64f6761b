import { Socket } from "node:net";
import { Client } from "pg";
import { urlsOfHosts } from "../faults/own-connection.ts";
import { passed } from "./passed.ts";

const CONNECT_LIMIT_MS = 3_000;
const QUERY_LIMIT_MS = 5_000;

/** What waits for the other end to say goodbye, which may have been cut off, waits no longer. */
const GOODBYE_LIMIT_MS = 1_000;

/** A connection of a user's own. */
export interface UserConnection {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/**
 * A connection of a user's own, to the first host of a URL that takes writes.
 * @throws Error when none does
 */
export async function connectToWrite(url: string): Promise<UserConnection> {
  let reason: unknown;
  for (const connectionString of urlsOfHosts(url)) {
    const limits = { connectionTimeoutMillis: CONNECT_LIMIT_MS, query_timeout: QUERY_LIMIT_MS };
    const socket = new Socket();
    const client = new Client({ connectionString, ...limits, stream: () => socket });
    const close = async (): Promise<void> => {
      await Promise.race([client.end().catch(() => undefined), passed(GOODBYE_LIMIT_MS)]);
      socket.destroy();
    };
    // Whoever asks next is told.
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
      if (rows[0]?.transaction_read_only === "off") return { client, close };
      reason = new Error("it takes no writes");
    } catch (error) {
      reason = error;
    }
    await close();
  }
  throw new Error("no host of the database can be written to", { cause: reason });
}
