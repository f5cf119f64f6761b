import assert from "node:assert/strict";
import type { NewApiKey } from "../core/api-key.ts";
import type { NewArtifact } from "../core/artifact.ts";
import type { JobId } from "../core/job.ts";
import type { LeaseRef } from "../core/lease.ts";
import type { Store } from "../core/store.ts";
import type { StoredWebhook } from "../core/webhook.ts";
import { ORG } from "./factory.ts";

const HOUR_MS = 3_600_000;

/** The key `key_` and its name, which opens with the digest `digestOf` that name. */
export function anApiKey(name: string, change: Partial<NewApiKey> = {}): NewApiKey {
  const key = { org: ORG, name: "deploy", role: "member", createdBy: null } as const;
  return { id: `key_${name}`, digest: digestOf(name), ...key, ...change };
}

/** In the shape of a SHA-256; of which bytes it was made means nothing to a store. */
export function digestOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(64, "0");
}

type NewWebhook = Omit<StoredWebhook, "createdAt">;

/** The webhook `hook_` and its name. */
export function aWebhook(name: string, change: Partial<NewWebhook> = {}): NewWebhook {
  const hook = { org: ORG, url: `https://${name}.test/hook`, events: null, createdBy: null } as const;
  return { id: `hook_${name}`, ...hook, sealed: `sealed ${name}`, cursor: "1.-1", ...change };
}

let placeCount = 0;

/** At a place of its own. */
export function anArtifact(job: JobId, name: string, change: Partial<NewArtifact> = {}): NewArtifact {
  const file = { size: 3, sha256: "ab".repeat(32), contentType: "text/plain", createdBy: null };
  return { job, name, ...file, place: `place/${++placeCount}`, ...change };
}

/** Reserves a place and keeps an artifact there; that it is kept is part of the test. */
export async function keepArtifact(
  store: Store,
  job: JobId,
  name: string,
  change: Partial<NewArtifact> = {},
  under: LeaseRef | null = null,
): Promise<NewArtifact> {
  const artifact = anArtifact(job, name, change);
  await store.reservePlace(artifact.place, HOUR_MS);
  assert.equal(await store.keepArtifact(artifact, under), "kept");
  return artifact;
}
