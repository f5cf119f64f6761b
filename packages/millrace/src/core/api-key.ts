import type { Role } from "./role.ts";

/** A key for the HTTP API, without what opens: that is shown once, and only its digest is kept. */
export interface ApiKey {
  /** `key_` and 26 characters. */
  readonly id: string;
  readonly org: string;
  /** Whom what is done with it is written down under. */
  readonly name: string;
  readonly role: Role;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  /** From then on it opens nothing. */
  readonly revokedAt: Date | null;
}

export interface NewApiKey extends Pick<ApiKey, "id" | "org" | "name" | "role" | "createdBy"> {
  /** SHA-256 of the key, in hexadecimal digits. */
  readonly digest: string;
}

export interface ApiKeyStore {
  /** Sending the same again is safe: what was written is answered. */
  addApiKey(key: NewApiKey): Promise<ApiKey>;
  /** Of an organisation, or of all for `null`; revoked ones too. Newest first. */
  apiKeys(org: string | null): Promise<readonly ApiKey[]>;
  /** For each digest the key that it opens with, unless that is revoked or unknown. Asked on every request. */
  openApiKeys(digests: readonly string[]): Promise<readonly (ApiKey | null)[]>;
  /** For each id whether it names a key that is not revoked. */
  areApiKeysGood(ids: readonly string[]): Promise<readonly boolean[]>;
  /**
   * Revoke a key; from the commit on it opens nothing, in any process. The first revocation stands.
   * @param org the organisation that the key must belong to; `null` for any
   */
  revokeApiKey(org: string | null, id: string): Promise<ApiKey | null>;
}
