import type { ApiKey } from "../../core/api-key.ts";
import type { Artifact } from "../../core/artifact.ts";
import type { JobId } from "../../core/job.ts";
import type { Role } from "../../core/role.ts";
import type { StoredWebhook } from "../../core/webhook.ts";

// What servers keep, as both stores read it: instants in milliseconds since the epoch.

export interface ApiKeyRow {
  readonly id: string;
  readonly org: string;
  readonly name: string;
  readonly role: Role;
  readonly created_by: string | null;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

export function apiKeyFrom({ id, org, name, role, created_by, created_at, revoked_at }: ApiKeyRow): ApiKey {
  const revokedAt = revoked_at === null ? null : new Date(revoked_at);
  return { id, org, name, role, createdBy: created_by, createdAt: new Date(created_at), revokedAt };
}

export interface WebhookRow {
  readonly id: string;
  readonly org: string;
  readonly url: string;
  readonly events: string | null;
  readonly sealed: string;
  readonly cursor: string;
  readonly created_by: string | null;
  readonly created_at: number;
}

export function webhookFrom({
  id,
  org,
  url,
  events,
  sealed,
  cursor,
  created_by,
  created_at,
}: WebhookRow): StoredWebhook {
  const told = events === null ? null : (JSON.parse(events) as StoredWebhook["events"]);
  return { id, org, url, events: told, createdBy: created_by, createdAt: new Date(created_at), sealed, cursor };
}

export interface ArtifactRow {
  readonly id: JobId;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly content_type: string;
  readonly created_by: string | null;
  readonly created_at: number;
  readonly place: string;
}

export function artifactFrom({ id, name, size, sha256, place, ...row }: ArtifactRow): Artifact {
  const { content_type: contentType, created_by: createdBy, created_at: createdAt } = row;
  return { job: id, name, size, sha256, contentType, createdBy, createdAt: new Date(createdAt), place };
}
