import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { MillraceClient } from "millrace/client";
import { serveHttp } from "millrace/http";
import { Client } from "pg";

export interface Farm {
  /** The queue as whoever runs the farm has it. */
  readonly mill: Millrace;
  readonly url: string;
  /** For people: where it lies. */
  readonly place: string;
  /** All that is written to disk, but for a database of PostgreSQL. */
  readonly folder: string;
  /** A client with a key of its own. */
  readonly clientFor: (role: "member" | "worker", name: string) => Promise<{ client: MillraceClient; key: string }>;
  /** Stop serving, and delete all that was written. */
  readonly end: () => Promise<void>;
}

interface Place {
  readonly store: string;
  readonly name: string;
  readonly drop: () => Promise<void>;
}

/** @param store a database of PostgreSQL, of which a schema of its own is used; a file in a new folder unless given */
export async function openFarm(store?: string): Promise<Farm> {
  if (store !== undefined && !/^postgres(ql)?:/.test(store)) {
    throw new Error(`--store takes postgres://user@host/database; got ${store}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-buildfarm-"));
  const place = store === undefined ? inFile(folder) : inSchema(store);
  const mill = await openMillrace(place.store, { secretKey: randomBytes(32).toString("base64") });
  const apiKey = randomBytes(32).toString("hex");
  const server = await serveHttp({ mill, apiKey, artifacts: join(folder, "artifacts"), port: 0, stopGraceMs: 1_000 });
  const { url } = server;
  const owner = new MillraceClient({ url, key: apiKey });
  mkdirSync(join(folder, "machines"));
  return {
    mill,
    url,
    place: place.name,
    folder,
    async clientFor(role, name) {
      const { key } = await owner.createKey({ role, name });
      return { client: new MillraceClient({ url, key }), key };
    },
    async end() {
      await server.stop();
      await mill.close();
      await place.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

function inFile(folder: string): Place {
  const store = `sqlite:${join(folder, "farm.db")}`;
  return { store, name: store, drop: async () => undefined };
}

function inSchema(address: string): Place {
  const schema = `buildfarm_${randomBytes(6).toString("hex")}`;
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  return {
    store: url.href,
    name: `postgres://${url.host}${url.pathname}, schema ${schema}`,
    async drop() {
      const client = new Client({ connectionString: address });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  };
}
