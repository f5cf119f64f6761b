import { createHmac, timingSafeEqual } from "node:crypto";

/** How long a worker's key is good for. */
export const WORKER_KEY_MS = 90_000;
/** In the last part of its life, every reply to a worker brings the next key. */
const ROTATION_MS = 30_000;

const PREFIX = "mrw_";

interface Claims {
  readonly worker: string;
  readonly org: string;
  /** The id of the API key with which the worker registered: when that is revoked, this one is good no longer. */
  readonly via?: string;
  /** On the clock of the server that made it, in milliseconds. */
  readonly expiresAt: number;
}

/** A key of a worker, when it is new. */
export interface WorkerKey {
  readonly key: string;
  readonly expiresAt: Date;
}

/**
 * Short-lived keys of workers. A key says whose it is and until when, under a seal that only the holder of the secret
 * can make; so nothing is stored, and every server with the same secret knows it. Whether the API key is still good with
 * which a worker registered, is for the reader to find out.
 */
export class WorkerKeys {
  readonly #secret: Buffer;
  readonly #now: () => number;

  constructor(secret: string, now: () => number) {
    // Not the secret itself: what is sealed here must never pass for anything else that it may seal.
    this.#secret = createHmac("sha256", secret).update("millrace worker keys").digest();
    this.#now = now;
  }

  issue(worker: string, org: string, via?: string): WorkerKey {
    const expiresAt = this.#now() + WORKER_KEY_MS;
    const claims: Claims = { worker, org, expiresAt, ...(via === undefined ? {} : { via }) };
    const said = Buffer.from(JSON.stringify(claims)).toString("base64url");
    return { key: `${PREFIX}${said}.${this.#sealOf(said).toString("base64url")}`, expiresAt: new Date(expiresAt) };
  }

  /** Whose key it is; `undefined` when it is none of ours, or no longer good. */
  read(key: string): Claims | undefined {
    if (!key.startsWith(PREFIX)) return undefined;
    const [said = "", seal = ""] = key.slice(PREFIX.length).split(".");
    const given = Buffer.from(seal, "base64url");
    const right = this.#sealOf(said);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const claims = JSON.parse(Buffer.from(said, "base64url").toString()) as Claims;
    return claims.expiresAt > this.#now() ? claims : undefined;
  }

  /** The next key, when the present one has not long to live. */
  renew(key: string): WorkerKey | undefined {
    const claims = this.read(key);
    if (claims === undefined || claims.expiresAt - this.#now() > ROTATION_MS) return undefined;
    return this.issue(claims.worker, claims.org, claims.via);
  }

  #sealOf(said: string): Buffer {
    return createHmac("sha256", this.#secret).update(said).digest();
  }
}
