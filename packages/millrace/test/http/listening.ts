import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace, type Millrace } from "millrace";
import { onTestFinished } from "vitest";
import { serveHttp, type HttpServer, type ServeOptions } from "../../src/http/index.ts";
import { API_KEY, JWT_SECRET } from "./bench.ts";

/** A server at a port of this machine, and clients of it. */
export interface Listening {
  readonly url: string;
  /** The queue as the server has it. */
  readonly served: Millrace;
  /** The queue at the other end of the wire, as the owner unless there is another key. */
  readonly open: (key?: string) => Promise<Millrace>;
  /** Stop, and listen again at the same port. */
  readonly restart: (options?: Partial<ServeOptions>) => Promise<void>;
}

export async function listening(options: Partial<ServeOptions> = {}): Promise<Listening> {
  const served = await openMillrace("memory:", { secretKey: randomBytes(32).toString("base64") });
  const artifacts = join(tmpdir(), `millrace-artifacts-${crypto.randomUUID()}`);
  const usual = { mill: served, artifacts, apiKey: API_KEY, jwtSecret: JWT_SECRET, stopGraceMs: 2_000, port: 0 };
  let server: HttpServer = await serveHttp({ ...usual, ...options });
  const { url, port } = server;
  const clients: Millrace[] = [];
  onTestFinished(async () => {
    for (const client of clients) await client.close();
    await server.stop();
    await served.close();
    await rm(artifacts, { recursive: true, force: true });
  });
  return {
    url,
    served,
    async open(key = API_KEY): Promise<Millrace> {
      const client = await openMillrace(url, { key });
      clients.push(client);
      return client;
    },
    async restart(changed = {}): Promise<void> {
      await server.stop();
      server = await serveHttp({ ...usual, ...options, ...changed, port });
    },
  };
}
