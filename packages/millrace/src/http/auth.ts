import { createHash, timingSafeEqual } from "node:crypto";
import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { AccessError } from "../core/errors.ts";
import { nameProblem, refuseOptions } from "../core/options.ts";
import { isRole } from "../core/role.ts";
import { isApiKey } from "./api-key.ts";
import type { KeyLookup } from "./key-lookup.ts";
import type { Principal } from "./principal.ts";
import type { WorkerKeys } from "./worker-keys.ts";

export interface AuthOptions {
  /** Makes whoever holds it the owner of organisation `default`. At least 32 characters. */
  readonly apiKey?: string;
  /** JWTs signed with it (HS256) are accepted. At least 32 characters. */
  readonly jwtSecret?: string;
  /** JWTs signed with one of the keys found there are accepted. */
  readonly jwksUrl?: string;
  /**
   * The store holds keys with which somebody gets in, so that none need be given here. Keys of the store are good either
   * way. @default false
   */
  readonly hasStoredKeys?: boolean;
}

const LEAST_LENGTH = 32;
const DEFAULT_ORG = "default";
const NOT_GOOD = "the key is not known, or no longer good";
const NO_WAY_IN =
  "no key was given: set MILLRACE_API_KEY, MILLRACE_JWT_SECRET or MILLRACE_JWKS_URL, " +
  "or make a key in the store with `millrace keys create --role owner`";

/** @throws OptionsError with everything that is wrong; without a way in, the server would be of no use to anybody */
export function refuseAuthOptions({ apiKey, jwtSecret, jwksUrl, hasStoredKeys = false }: AuthOptions): void {
  const short = (value: string | undefined, what: string): string | undefined =>
    value === undefined || value.length >= LEAST_LENGTH
      ? undefined
      : `${what} must have at least ${LEAST_LENGTH} characters; it has ${value.length}`;
  const isNone = !hasStoredKeys && apiKey === undefined && jwtSecret === undefined && jwksUrl === undefined;
  refuseOptions([
    isNone ? NO_WAY_IN : undefined,
    short(apiKey, "the API key (MILLRACE_API_KEY)"),
    short(jwtSecret, "the secret for JWTs (MILLRACE_JWT_SECRET)"),
    jwksUrl === undefined || URL.canParse(jwksUrl) ? undefined : `MILLRACE_JWKS_URL is no URL: ${jwksUrl}`,
  ]);
}

/**
 * Finds out who calls. The key that the server was started with is compared by its digest, in constant time; those of the
 * store are found by theirs; JWTs and workers' keys prove themselves, but a worker's only while the API key is good with
 * which it registered.
 */
export class Authenticator {
  readonly #apiKey: Buffer | undefined;
  readonly #jwtSecret: Uint8Array | undefined;
  readonly #jwks: JWTVerifyGetKey | undefined;
  readonly #workerKeys: WorkerKeys;
  readonly #stored: KeyLookup;

  /** @throws OptionsError */
  constructor(options: AuthOptions, workerKeys: WorkerKeys, stored: KeyLookup) {
    refuseAuthOptions(options);
    const { apiKey, jwtSecret, jwksUrl } = options;
    this.#apiKey = apiKey === undefined ? undefined : digest(apiKey);
    this.#jwtSecret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
    this.#jwks = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl));
    this.#workerKeys = workerKeys;
    this.#stored = stored;
  }

  /**
   * @param header `Authorization`: `Bearer` and a key
   * @throws AccessError `unauthenticated`; StoreError when only the store knows, and does not say
   */
  async authenticate(header: string | undefined): Promise<Principal> {
    const key = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
    if (key === undefined) throw unauthenticated("send `Authorization: Bearer` with a key");
    const claims = this.#workerKeys.read(key);
    if (claims !== undefined) {
      const { org, worker, via } = claims;
      const principal = { org, role: "worker", name: worker, worker } as const;
      if (via === undefined) return principal;
      await this.requireGoodKey(via);
      return { ...principal, key: via };
    }
    if (this.#apiKey !== undefined && timingSafeEqual(digest(key), this.#apiKey)) {
      return { org: DEFAULT_ORG, role: "owner", name: "api-key", isOperator: true };
    }
    if (isApiKey(key)) {
      const found = await this.#stored.open(key);
      if (found === null) throw unauthenticated(NOT_GOOD);
      return { org: found.org, role: found.role, name: found.name, key: found.id };
    }
    const said = await this.#verify(key);
    if (said === undefined) throw unauthenticated(NOT_GOOD);
    return principalOf(said);
  }

  /** @throws AccessError `unauthenticated` when the API key of this id has been revoked; StoreError */
  async requireGoodKey(id: string): Promise<void> {
    if (!(await this.#stored.isGood(id))) throw unauthenticated(NOT_GOOD);
  }

  async #verify(jwt: string): Promise<JWTPayload | undefined> {
    if (jwt.split(".").length !== 3) return undefined;
    try {
      if (this.#jwtSecret !== undefined) {
        return (await jwtVerify(jwt, this.#jwtSecret, { algorithms: ["HS256"] })).payload;
      }
      if (this.#jwks !== undefined) return (await jwtVerify(jwt, this.#jwks)).payload;
    } catch {
      // Why is not for whoever presents it.
    }
    return undefined;
  }
}

function principalOf({ sub, org, role }: JWTPayload): Principal {
  if (nameProblem(sub, "sub") !== undefined || nameProblem(org, "org") !== undefined || !isRole(role)) {
    throw unauthenticated("the JWT must say `sub`, `org` and `role`: owner, admin, member, viewer or worker");
  }
  return { name: sub as string, org: org as string, role };
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function unauthenticated(message: string): AccessError {
  return new AccessError("unauthenticated", message);
}
