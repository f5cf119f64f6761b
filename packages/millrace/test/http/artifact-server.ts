import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { HandlerOptions } from "../../src/http/index.ts";
import { API_KEY, aServer, type Bench } from "./bench.ts";

interface Sent {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;
}

export interface ArtifactServer extends Bench {
  /** A folder of its own, in which the folder of artifacts lies, and nothing else. */
  readonly around: string;
  readonly folder: string;
  /** Ask with any headers and bytes; as the owner, unless there is another key. */
  readonly send: (method: string, path: string, sent?: Sent) => Promise<Response>;
  /** A job, and where its artifacts are. */
  readonly aJob: (org?: string) => Promise<{ readonly id: string; readonly path: string }>;
}

/** A server that keeps artifacts in a folder of its own. */
export async function anArtifactServer(
  open: typeof aServer = aServer,
  options: Partial<HandlerOptions> = {},
): Promise<ArtifactServer> {
  const around = await mkdtemp(join(tmpdir(), "millrace-"));
  onTestFinished(async () => rm(around, { recursive: true, force: true }));
  const folder = join(around, "artifacts");
  const server = await open({ artifacts: folder, ...options });
  return {
    ...server,
    around,
    folder,
    send: async (method, path, { key = API_KEY, headers = {}, body } = {}) => {
      const all = { Authorization: `Bearer ${key}`, ...headers };
      const init = { method, headers: all, duplex: "half", ...(body === undefined ? {} : { body }) };
      return server.fetch(new Request(`http://server${path}`, init as RequestInit));
    },
    aJob: async (org = "default") => {
      const { id } = await server.mill.forOrg(org).enqueue("k");
      return { id, path: `/v1/jobs/${id}/artifacts` };
    },
  };
}

/** All files below a folder, with their sizes. */
export async function filesIn(folder: string): Promise<readonly { readonly path: string; readonly size: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    // Gone again in between, it is not there.
    files.map(async (path) =>
      stat(path).then(
        ({ size }) => ({ path, size }),
        () => undefined,
      ),
    ),
  );
  return found.filter((file) => file !== undefined);
}
