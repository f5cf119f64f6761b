import { verify } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMillraceError, type WireJob } from "millrace/client";
import { PACKAGE, SIGNATURE } from "./orders.ts";
import type { Farm } from "./open-farm.ts";
import type { Story } from "./story.ts";

/** A build as it is when all is over. */
export interface Outcome {
  readonly job: WireJob;
  /** How each attempt before the last one ended. */
  readonly before: readonly string[];
  readonly logLines: number;
  /** What was built: downloaded, and its signature checked. None when nothing was. */
  readonly isSigned: boolean | undefined;
  /** Who sent it. */
  readonly sentBy: string | null;
}

/** Downloads what each build of ada's has made, as she would. */
export async function outcomesOf({ mill }: Farm, { builds, ada, publicKey }: Story): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const job of builds) {
    const [bytes, signature] = [await download(job, PACKAGE), await download(job, SIGNATURE)];
    const isBuilt = bytes !== undefined && signature !== undefined;
    const sent = (await ada.artifacts(job.id)).find(({ name }) => name === PACKAGE);
    outcomes.push({
      job,
      before: (await mill.attempts(job.id)).map(({ ending }) => ending),
      logLines: (await ada.logs(job.id, { limit: 1_000 })).lines.length,
      isSigned: isBuilt ? verify(null, bytes, publicKey, Buffer.from(signature.toString(), "base64")) : undefined,
      sentBy: sent?.createdBy ?? null,
    });
  }
  return outcomes;

  async function download({ id }: WireJob, name: string): Promise<Buffer | undefined> {
    try {
      const { body } = await ada.getArtifact(id, name);
      return Buffer.from(await new Response(body).arrayBuffer());
    } catch (error) {
      if (isMillraceError(error) && error.code === "artifact_not_found") return undefined;
      throw error;
    }
  }
}

/** Files of the farm, the queue's and those of its machines, in which the signing key can be read. */
export function filesWithKey({ folder }: Farm, { signingKey }: Story): readonly string[] {
  const [, line = ""] = signingKey.split("\n");
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() && readFileSync(path).includes(line);
  });
}
