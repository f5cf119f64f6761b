import type { ApiKey, NewApiKey } from "../../core/api-key.ts";
import { InvariantError } from "../../core/errors.ts";
import { apiKeyFrom, type ApiKeyRow } from "../sql/server-rows.ts";
import type { NamedSql, Session } from "./session.ts";

const COLUMNS = `id, org, name, role, created_by, created_at, revoked_at`;

/** The same key sent again answers what was written. */
const ADD: NamedSql = {
  name: "API_KEY_ADD",
  sql: `INSERT INTO millrace_api_key (id, digest, org, name, role, created_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET digest = digest WHERE digest = excluded.digest RETURNING ${COLUMNS}`,
};
const ALL: NamedSql = {
  name: "API_KEY_ALL",
  sql: `SELECT ${COLUMNS} FROM millrace_api_key WHERE ?1 IS NULL OR org = ?1 ORDER BY created_at DESC, id DESC`,
};
const OPEN: NamedSql = {
  name: "API_KEY_OPEN",
  sql: `SELECT ${COLUMNS} FROM millrace_api_key WHERE digest = ? AND revoked_at IS NULL`,
};
const GOOD: NamedSql = {
  name: "API_KEY_GOOD",
  sql: `SELECT 1 FROM millrace_api_key WHERE id = ? AND revoked_at IS NULL`,
};
/** The first revocation stands. */
const REVOKE: NamedSql = {
  name: "API_KEY_REVOKE",
  sql: `UPDATE millrace_api_key SET revoked_at = coalesce(revoked_at, ?3)
        WHERE id = ?2 AND (?1 IS NULL OR org = ?1) RETURNING ${COLUMNS}`,
};

export function addApiKey(session: Session, key: NewApiKey): ApiKey {
  const { id, digest, org, name, role, createdBy } = key;
  const row = session.get<ApiKeyRow>(ADD, id, digest, org, name, role, createdBy, session.now());
  if (row === undefined) throw new InvariantError(`there is another key ${id}`);
  return apiKeyFrom(row);
}

export function readApiKeys(session: Session, org: string | null): readonly ApiKey[] {
  return session.all<ApiKeyRow>(ALL, org).map(apiKeyFrom);
}

/** As `Store.openApiKeys`. */
export function openApiKeys(session: Session, digests: readonly string[]): readonly (ApiKey | null)[] {
  return digests.map((digest) => {
    const row = session.get<ApiKeyRow>(OPEN, digest);
    return row === undefined ? null : apiKeyFrom(row);
  });
}

export function areApiKeysGood(session: Session, ids: readonly string[]): readonly boolean[] {
  return ids.map((id) => session.get(GOOD, id) !== undefined);
}

/** As `Store.revokeApiKey`, inside a transaction. */
export function revokeApiKey(session: Session, org: string | null, id: string): ApiKey | null {
  const row = session.get<ApiKeyRow>(REVOKE, org, id, session.now());
  return row === undefined ? null : apiKeyFrom(row);
}
