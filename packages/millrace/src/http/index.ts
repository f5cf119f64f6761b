import { randomBytes } from "node:crypto";
import type { Millrace } from "../runtime/millrace.ts";
import { createApp } from "./app.ts";
import { Authenticator, type AuthOptions } from "./auth.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { Service } from "./service.ts";
import { WorkerKeys } from "./worker-keys.ts";

export type { Limits } from "./limits.ts";

export interface HandlerOptions extends AuthOptions {
  /** The queue that is served, all organisations of it. It stays the caller's to close. */
  readonly mill: Millrace;
  /** What clients may ask for. */
  readonly limits?: Partial<Limits>;
}

/** A server without a socket: hand it requests. */
export interface Handler {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Ends long polls and streams; requests are answered still. */
  readonly close: () => void;
}

/**
 * The HTTP API as a function, for any framework that speaks in `Request` and `Response`.
 * @throws OptionsError when nobody could get in, or a secret is too short
 */
export function createHandler({ mill, limits = {}, ...auth }: HandlerOptions): Handler {
  const stopping = new AbortController();
  const secret = auth.apiKey ?? auth.jwtSecret ?? randomBytes(32).toString("hex");
  const workerKeys = new WorkerKeys(secret, () => Date.now());
  const app = createApp(
    new Service({
      mill,
      workerKeys,
      authenticator: new Authenticator(auth, workerKeys),
      limits: { ...DEFAULT_LIMITS, ...limits },
      stopping: stopping.signal,
    }),
  );
  return { fetch: async (request) => app.fetch(request), close: () => stopping.abort() };
}
