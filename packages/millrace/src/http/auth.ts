import { createHash, timingSafeEqual } from "node:crypto";
import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { AccessError } from "../core/errors.ts";
import { nameProblem, refuseOptions } from "../core/options.ts";
import { isRole, type Principal } from "./principal.ts";
import type { WorkerKeys } from "./worker-keys.ts";

export interface AuthOptions {
  /** Makes whoever holds it the owner of organisation `default`. At least 32 characters. */
  readonly apiKey?: string;
  /** JWTs signed with it (HS256) are accepted. At least 32 characters. */
  readonly jwtSecret?: string;
  /** JWTs signed with one of the keys found there are accepted. */
  readonly jwksUrl?: string;
}

const LEAST_LENGTH = 32;
const DEFAULT_ORG = "default";

/** @throws OptionsError with everything that is wrong; without a way in, the server would be of no use to anybody */
export function refuseAuthOptions({ apiKey, jwtSecret, jwksUrl }: AuthOptions): void {
  const short = (value: string | undefined, what: string): string | undefined =>
    value === undefined || value.length >= LEAST_LENGTH
      ? undefined
      : `${what} must have at least ${LEAST_LENGTH} characters; it has ${value.length}`;
  const isNone = apiKey === undefined && jwtSecret === undefined && jwksUrl === undefined;
  refuseOptions([
    isNone ? "no key was given: set MILLRACE_API_KEY, MILLRACE_JWT_SECRET or MILLRACE_JWKS_URL" : undefined,
    short(apiKey, "the API key (MILLRACE_API_KEY)"),
    short(jwtSecret, "the secret for JWTs (MILLRACE_JWT_SECRET)"),
    jwksUrl === undefined || URL.canParse(jwksUrl) ? undefined : `MILLRACE_JWKS_URL is no URL: ${jwksUrl}`,
  ]);
}

/** Finds out who calls. Keys are compared by their digests, in constant time. */
export class Authenticator {
  readonly #apiKey: Buffer | undefined;
  readonly #jwtSecret: Uint8Array | undefined;
  readonly #jwks: JWTVerifyGetKey | undefined;
  readonly #workerKeys: WorkerKeys;

  /** @throws OptionsError */
  constructor(options: AuthOptions, workerKeys: WorkerKeys) {
    refuseAuthOptions(options);
    const { apiKey, jwtSecret, jwksUrl } = options;
    this.#apiKey = apiKey === undefined ? undefined : digest(apiKey);
    this.#jwtSecret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
    this.#jwks = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl));
    this.#workerKeys = workerKeys;
  }

  /** @param header `Authorization`: `Bearer` and a key. @throws AccessError `unauthenticated` */
  async authenticate(header: string | undefined): Promise<Principal> {
    const key = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
    if (key === undefined) throw unauthenticated("send `Authorization: Bearer` with a key");
    const claims = this.#workerKeys.read(key);
    if (claims !== undefined) {
      return { org: claims.org, role: "worker", name: claims.worker, worker: claims.worker };
    }
    if (this.#apiKey !== undefined && timingSafeEqual(digest(key), this.#apiKey)) {
      return { org: DEFAULT_ORG, role: "owner", name: "api-key" };
    }
    const said = await this.#verify(key);
    if (said === undefined) throw unauthenticated("the key is not known, or no longer good");
    return principalOf(said);
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
