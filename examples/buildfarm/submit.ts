import { execFile } from "node:child_process";
import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isMillraceError, type ArtifactBytes, type MillraceClient, type WireJob } from "millrace/client";
import { BUILD, BUILDS, SOURCE, type Order } from "./orders.ts";

const PROJECT = fileURLToPath(new URL("./project", import.meta.url));
const LIMIT_MS = 120 * 60_000;

/** The project's source as `npm pack` packs it. */
export async function packSource(folder: string): Promise<Blob> {
  const command = ["pack", "--json", "--no-update-notifier", "--pack-destination", folder];
  const { stdout } = await promisify(execFile)("npm", command, { cwd: PROJECT });
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  return openAsBlob(join(folder, filename), { type: "application/gzip" });
}

/** Ask for a build. Machines put it off until its source is there. */
export function order(client: MillraceClient, asked: Order, signingKey: string): Promise<WireJob> {
  const secrets = { SIGNING_KEY: signingKey };
  return client.enqueue(BUILD, asked, { queue: BUILDS, secrets, maxAttempts: 5, timeoutMs: LIMIT_MS });
}

export async function sendSource(client: MillraceClient, build: WireJob, source: ArtifactBytes): Promise<void> {
  await client.putArtifact(build.id, SOURCE, source, { contentType: "application/gzip" });
}

/** Build once more from the same source. Secrets are gone with the build that had them, so they are given again. */
export async function retry(client: MillraceClient, build: WireJob, signingKey: string): Promise<WireJob> {
  const { body } = await client.getArtifact(build.id, SOURCE).catch((error: unknown) => {
    if (!isMillraceError(error) || error.code !== "artifact_not_found") throw error;
    throw new Error("Original build source no longer available. Please submit a new build.", { cause: error });
  });
  const again = await client.retry(build.id, { secrets: { SIGNING_KEY: signingKey } });
  await sendSource(client, again, body);
  return again;
}
