import { randomBytes } from "node:crypto";
import { DEFAULT_LEASE_MS } from "../core/lease.ts";
import { durationProblem, refuseOptions } from "../core/options.ts";
import type { Millrace } from "../runtime/millrace.ts";
import { createApp } from "./app.ts";
import { Authenticator, type AuthOptions } from "./auth.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { runUpkeep } from "./run-upkeep.ts";
import { Service } from "./service.ts";
import { WorkerKeys } from "./worker-keys.ts";

const LEAST_LEASE_MS = 30;

export interface HandlerOptions extends AuthOptions {
  /** The queue that is served, all organisations of it. It stays the caller's to close. */
  readonly mill: Millrace;
  /** What clients may ask for. */
  readonly limits?: Partial<Limits>;
  /**
   * How long a claim of a remote worker holds a job without a heartbeat, in milliseconds. Shorter recovers faster from
   * a crash, and asks workers for more heartbeats: three in this time are right.
   * @default 30_000
   */
  readonly leaseMs?: number;
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
export function createHandler({ mill, limits = {}, leaseMs = DEFAULT_LEASE_MS, ...auth }: HandlerOptions): Handler {
  refuseOptions([durationProblem(leaseMs, "leaseMs", LEAST_LEASE_MS)]);
  const stopping = new AbortController();
  const secret = auth.apiKey ?? auth.jwtSecret ?? randomBytes(32).toString("hex");
  const workerKeys = new WorkerKeys(secret, () => Date.now());
  const service = new Service({
    mill,
    workerKeys,
    authenticator: new Authenticator(auth, workerKeys),
    limits: { ...DEFAULT_LIMITS, ...limits },
    leaseMs,
    stopping: stopping.signal,
  });
  const app = createApp(service);
  // With the queue closed there is nothing left to wait for.
  service.kernel.closing.addEventListener("abort", () => stopping.abort(), { once: true });
  runUpkeep(service.kernel, stopping.signal);
  return { fetch: async (request) => app.fetch(request), close: () => stopping.abort() };
}
