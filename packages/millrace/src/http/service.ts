import { Enqueuer } from "../runtime/enqueuer.ts";
import { Millrace } from "../runtime/millrace.ts";
import type { Kernel } from "../runtime/kernel.ts";
import type { Authenticator } from "./auth.ts";
import type { Limits } from "./limits.ts";
import type { Principal } from "./principal.ts";
import { Streams } from "./sse.ts";
import type { WorkerKeys } from "./worker-keys.ts";

/** So many organisations are remembered; a client for one is made in a moment. */
const MOST_ORGS = 1_000;

/** What all routes share. */
export class Service {
  readonly mill: Millrace;
  readonly kernel: Kernel;
  readonly authenticator: Authenticator;
  readonly workerKeys: WorkerKeys;
  readonly limits: Limits;
  /** How long a claim of a remote worker holds a job without a heartbeat. */
  readonly leaseMs: number;
  /** Fires when the server stops: long polls and streams end. */
  readonly stopping: AbortSignal;
  readonly streams: Streams;
  readonly #clients = new Map<string, { readonly mill: Millrace; readonly enqueuer: Enqueuer }>();

  constructor(parts: Pick<Service, "mill" | "authenticator" | "workerKeys" | "limits" | "leaseMs" | "stopping">) {
    this.mill = parts.mill;
    this.kernel = Millrace.kernelOf(parts.mill);
    this.authenticator = parts.authenticator;
    this.workerKeys = parts.workerKeys;
    this.limits = parts.limits;
    this.leaseMs = parts.leaseMs;
    this.stopping = parts.stopping;
    const { clock, logger } = this.kernel;
    this.streams = new Streams({
      limit: this.limits.streams,
      stopping: this.stopping,
      clock,
      logger,
      authenticate: (header) => this.authenticator.authenticate(header),
    });
  }

  /** The client that sees and makes what belongs to the principal's organisation, and nothing else. */
  clientOf({ org }: Principal): Millrace {
    return this.#for(org).mill;
  }

  /** For who wants to know whether a job is new. */
  enqueuerOf({ org }: Principal): Enqueuer {
    return this.#for(org).enqueuer;
  }

  #for(org: string): { readonly mill: Millrace; readonly enqueuer: Enqueuer } {
    let client = this.#clients.get(org);
    if (client === undefined) {
      if (this.#clients.size >= MOST_ORGS) this.#clients.clear();
      const mill = this.mill.forOrg(org);
      client = { mill, enqueuer: new Enqueuer(Millrace.kernelOf(mill), undefined) };
      this.#clients.set(org, client);
    }
    return client;
  }
}

/** What a request carries from the middleware to its route. */
export interface Env {
  readonly Variables: {
    readonly requestId: string;
    readonly principal: Principal;
    /** The key as it was presented. */
    readonly key: string;
  };
}
