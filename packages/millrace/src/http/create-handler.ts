import { randomBytes } from "node:crypto";
import { DEFAULT_LEASE_MS } from "../core/lease.ts";
import { durationProblem, refuseOptions, show, unknownKeys, wholeMs } from "../core/options.ts";
import { Millrace } from "../runtime/millrace.ts";
import { createApp } from "./app.ts";
import { ARTIFACTS_FOLDER, placesOf } from "./artifacts/places-of.ts";
import { Authenticator, type AuthOptions } from "./auth.ts";
import { KeyLookup } from "./key-lookup.ts";
import { DEFAULT_LIMITS, limitProblems, type Limits } from "./limits.ts";
import { runUpkeep } from "./run-upkeep.ts";
import { Service } from "./service.ts";
import { Webhooks, type WebhookOptions } from "./webhooks/webhooks.ts";
import { WorkerKeys } from "./worker-keys.ts";

const LEAST_LEASE_MS = 30;
const BASE_PATH = /^(?:\/[^/?#]+)*$/;

export interface HandlerOptions extends AuthOptions {
  /** The queue that is served, all organisations of it. It stays the caller's to close. */
  readonly mill: Millrace;
  /**
   * Where artifacts lie: a folder, or `s3://bucket/prefix?endpoint=…&region=…`. The same for all servers on a store.
   * @default "./millrace-artifacts"
   */
  readonly artifacts?: string;
  /**
   * The path below which the API lies, such as "/api/queue", where the application hands over requests with their whole
   * path. @default "": the path of a request is that of the API
   */
  readonly basePath?: string;
  /** What clients may ask for. */
  readonly limits?: Partial<Limits>;
  /**
   * How long a claim of a remote worker holds a job without a heartbeat, in milliseconds. Shorter recovers faster from
   * a crash, and asks workers for more heartbeats: three in this time are right.
   * @default 30_000
   */
  readonly leaseMs?: number;
  /** Where webhooks may lead. They need a `mill` that was opened with a `secretKey`. */
  readonly webhooks?: WebhookOptions;
}

/** A server without a socket: hand it requests. */
export interface Handler {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Ends long polls and streams; requests are answered still. */
  readonly close: () => void;
}

/**
 * The HTTP API as a function, for any framework that speaks in `Request` and `Response`.
 * @throws OptionsError when nobody could get in, a secret is too short, or artifacts cannot lie where they should
 */
export function createHandler({
  mill,
  artifacts = ARTIFACTS_FOLDER,
  basePath = "",
  limits = {},
  leaseMs = DEFAULT_LEASE_MS,
  webhooks = {},
  ...auth
}: HandlerOptions): Handler {
  refuseOptions([
    durationProblem(leaseMs, "leaseMs", LEAST_LEASE_MS),
    BASE_PATH.test(basePath) ? undefined : `basePath must be like "/api/queue"; got ${show(basePath)}`,
    ...limitProblems(limits),
    ...unknownKeys(webhooks, ["allowPrivate"], "webhooks"),
  ]);
  const stopping = new AbortController();
  const secret = auth.apiKey ?? auth.jwtSecret ?? randomBytes(32).toString("hex");
  const workerKeys = new WorkerKeys(secret, () => Date.now());
  const service = new Service({
    mill,
    workerKeys,
    authenticator: new Authenticator(auth, workerKeys, new KeyLookup(Millrace.kernelOf(mill).store)),
    webhooks: new Webhooks(mill, webhooks, stopping.signal),
    limits: { ...DEFAULT_LIMITS, ...limits },
    places: placesOf(artifacts),
    basePath,
    leaseMs: wholeMs(leaseMs),
    stopping: stopping.signal,
  });
  const app = createApp(service);
  // With the queue closed there is nothing left to wait for.
  service.kernel.closing.addEventListener("abort", () => stopping.abort(), { once: true });
  runUpkeep(service.kernel, stopping.signal);
  return { fetch: async (request) => app.fetch(request), close: () => stopping.abort() };
}
