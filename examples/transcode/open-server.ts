import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { MillraceClient } from "millrace/client";
import { serveHttp } from "millrace/http";
import { Client } from "pg";

export interface OpenServer {
  readonly url: string;
  /** For people: where the queue lies. */
  readonly place: string;
  /** For media. Workers on other machines would share it, or take their media from the server as artifacts. */
  readonly folder: string;
  /** For the operator, and for workers, which need no more. */
  readonly keys: { readonly owner: string; readonly worker: string };
  /** The queue as the server has it. */
  readonly served: Millrace;
  /** Stop, and delete all that was made. */
  readonly end: () => Promise<void>;
}

/** @param store a database of PostgreSQL, of which a schema of its own is used; a file in a new folder unless given */
export async function openServer(store?: string): Promise<OpenServer> {
  if (store !== undefined && !/^postgres(ql)?:/.test(store)) {
    throw new Error(`--store takes postgres://user@host/database; got ${store}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-transcode-"));
  const schema = `transcode_${randomBytes(6).toString("hex")}`;
  const target = store ?? `sqlite:${join(folder, "queue.db")}`;
  const served = await openMillrace(target, store === undefined ? {} : { schema });
  const owner = randomBytes(32).toString("hex");
  const server = await serveHttp({ mill: served, apiKey: owner, port: 0 });
  const client = new MillraceClient({ url: server.url, key: owner });
  const { key: worker } = await client.createKey({ name: "fleet", role: "worker" });
  return {
    url: server.url,
    place:
      store === undefined ? target : `postgres://${new URL(store).host}${new URL(store).pathname}, schema ${schema}`,
    folder,
    keys: { owner, worker },
    served,
    end: async () => {
      await server.stop();
      await served.close();
      if (store !== undefined) await dropSchema(store, schema);
      rmSync(folder, { recursive: true });
    },
  };
}

async function dropSchema(connectionString: string, schema: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
  } finally {
    await client.end();
  }
}
