import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { MillraceClient } from "millrace/client";
import { createHandler } from "millrace/http";
import { Client } from "pg";
import { COURSES, STEPS } from "./kinds.ts";
import { makeKeys, ORGANISATIONS, PEOPLE, type Name } from "./people.ts";
import { handleCourses } from "./pipeline.ts";
import { createSite } from "./site.ts";
import { handleSteps } from "./steps.ts";

export interface School {
  readonly mill: Millrace;
  /** For people: where its jobs lie. */
  readonly place: string;
  /** Of its page and its API. */
  readonly url: string;
  /** What somebody may do there, with the key that is theirs. */
  readonly as: (name: Name) => MillraceClient;
  /** Start the workers of both organisations. */
  readonly work: () => Promise<void>;
  /** Stop everything, and delete all that was written. */
  readonly end: () => Promise<void>;
}

/** @param store a database of PostgreSQL, of which a schema of its own is used; a file in a new folder unless given */
export async function openSchool(store?: string): Promise<School> {
  if (store !== undefined && !/^postgres(ql)?:/.test(store)) {
    throw new Error(`--store takes postgres://user@host/database; got ${store}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-courses-"));
  const { address, place, drop } = await newStore(folder, store);
  const mill = await openMillrace(address);

  const apiKey = randomBytes(24).toString("hex");
  const api = createHandler({ mill, apiKey, artifacts: join(folder, "artifacts") });
  const operator = new MillraceClient({ url: "http://in-process", key: apiKey, fetch: api.fetch });
  const keys = await makeKeys(operator);
  const server = createSite(api, keys).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientOf = (name: string): MillraceClient => new MillraceClient({ url, key: keys.get(name) ?? "" });
  const clients = new Map(PEOPLE.map(({ name }) => [name, clientOf(name)]));

  return {
    mill,
    place,
    url,
    as: (name) => clients.get(name) as MillraceClient,
    async work() {
      for (const org of ORGANISATIONS) {
        const own = mill.forOrg(org);
        const options = { concurrency: 5, stopGraceMs: 1_000 };
        await handleCourses(own.worker({ queues: [COURSES], ...options }), clientOf(`pipeline-${org}`)).start();
        await handleSteps(own.worker({ queues: [STEPS], ...options })).start();
      }
    },
    async end() {
      api.close(); // ends its streams
      server.close();
      server.closeAllConnections();
      await mill.close(); // stops the workers
      await drop();
      rmSync(folder, { recursive: true });
    },
  };
}

interface NewStore {
  readonly address: string;
  readonly place: string;
  readonly drop: () => Promise<void>;
}

async function newStore(folder: string, store: string | undefined): Promise<NewStore> {
  if (store === undefined) {
    const address = `sqlite:${join(folder, "courses.db")}`;
    return { address, place: address, drop: () => Promise.resolve() };
  }
  const url = new URL(store);
  const schema = `courses_${randomBytes(6).toString("hex")}`;
  url.searchParams.set("schema", schema); // Millrace makes it
  const drop = async (): Promise<void> => {
    const client = new Client({ connectionString: store });
    await client.connect();
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
    await client.end();
  };
  return { address: url.href, place: `postgres://${url.host}${url.pathname}, schema ${schema}`, drop };
}
