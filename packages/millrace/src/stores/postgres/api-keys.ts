import type { ApiKey, NewApiKey } from "../../core/api-key.ts";
import { InvariantError } from "../../core/errors.ts";
import { apiKeyFrom, type ApiKeyRow } from "../sql/server-rows.ts";
import { textArray } from "./arrays.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const COLUMNS = `k.id, k.digest, k.org, k.name, k.role, k.created_by, k.created_at, k.revoked_at`;

/** The same key sent again answers what was written. */
const ADD: NamedSql = {
  name: "API_KEY_ADD",
  sql: `INSERT INTO millrace.api_key AS k (id, digest, org, name, role, created_by, created_at)
        SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, t.now FROM (SELECT ${presentAt(7)} AS now) t
        ON CONFLICT (id) DO UPDATE SET digest = k.digest WHERE k.digest = excluded.digest RETURNING ${COLUMNS}`,
};
const ALL: NamedSql = {
  name: "API_KEY_ALL",
  sql: `SELECT ${COLUMNS} FROM millrace.api_key k WHERE $1::text IS NULL OR k.org = $1::text
        ORDER BY k.created_at DESC, k.id DESC`,
};
/** Index: that of the digests, once for each. */
const OPEN: NamedSql = {
  name: "API_KEY_OPEN",
  sql: `SELECT ${COLUMNS} FROM millrace.api_key k WHERE k.digest = ANY ($1::text::text[]) AND k.revoked_at IS NULL`,
};
const GOOD: NamedSql = {
  name: "API_KEY_GOOD",
  sql: `SELECT k.id FROM millrace.api_key k WHERE k.id = ANY ($1::text::text[]) AND k.revoked_at IS NULL`,
};
/** The first revocation stands. */
const REVOKE: NamedSql = {
  name: "API_KEY_REVOKE",
  sql: `UPDATE millrace.api_key k SET revoked_at = coalesce(k.revoked_at, t.now) FROM (SELECT ${presentAt(3)} AS now) t
        WHERE k.id = $2::text AND ($1::text IS NULL OR k.org = $1::text) RETURNING ${COLUMNS}`,
};

export async function addApiKey(session: Session, key: NewApiKey): Promise<ApiKey> {
  const { id, digest, org, name, role, createdBy } = key;
  const row = await session.get<ApiKeyRow>(ADD, id, digest, org, name, role, createdBy, session.now());
  if (row === undefined) throw new InvariantError(`there is another key ${id}`);
  return apiKeyFrom(row);
}

export async function readApiKeys(session: Session, org: string | null): Promise<readonly ApiKey[]> {
  return (await session.all<ApiKeyRow>(ALL, org)).map(apiKeyFrom);
}

/** As `Store.openApiKeys`. */
export async function openApiKeys(session: Session, digests: readonly string[]): Promise<readonly (ApiKey | null)[]> {
  if (digests.length === 0) return [];
  const rows = await session.all<ApiKeyRow & { readonly digest: string }>(OPEN, textArray(digests));
  const byDigest = new Map(rows.map((row) => [row.digest, apiKeyFrom(row)]));
  return digests.map((digest) => byDigest.get(digest) ?? null);
}

export async function areApiKeysGood(session: Session, ids: readonly string[]): Promise<readonly boolean[]> {
  if (ids.length === 0) return [];
  const good = new Set((await session.all<{ id: string }>(GOOD, textArray(ids))).map(({ id }) => id));
  return ids.map((id) => good.has(id));
}

export async function revokeApiKey(session: Session, org: string | null, id: string): Promise<ApiKey | null> {
  const row = await session.get<ApiKeyRow>(REVOKE, org, id, session.now());
  return row === undefined ? null : apiKeyFrom(row);
}
