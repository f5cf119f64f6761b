import type { LeaseRef } from "../core/lease.ts";
import { Enqueuer } from "../runtime/enqueuer.ts";
import { Millrace } from "../runtime/millrace.ts";
import type { Kernel } from "../runtime/kernel.ts";
import type { Authenticator } from "./auth.ts";
import type { Places } from "./artifacts/places.ts";
import type { Limits } from "./limits.ts";
import type { Principal } from "./principal.ts";
import { Streams } from "./sse.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import type { WorkerKeys } from "./worker-keys.ts";

/** So many organisations are remembered; a client for one is made in a moment. */
const MOST_ORGS = 1_000;

/** What all routes share. */
export class Service {
  readonly mill: Millrace;
  readonly kernel: Kernel;
  readonly authenticator: Authenticator;
  readonly workerKeys: WorkerKeys;
  readonly webhooks: Webhooks;
  readonly limits: Limits;
  /** Where the bytes of artifacts lie. */
  readonly places: Places;
  /** What the paths of requests begin with and routes do not. */
  readonly basePath: string;
  /** How long a claim of a remote worker holds a job without a heartbeat. */
  readonly leaseMs: number;
  /** Fires when the server stops: long polls and streams end. */
  readonly stopping: AbortSignal;
  readonly streams: Streams;
  readonly #clients = new Map<string, { readonly mill: Millrace; readonly enqueuer: Enqueuer }>();

  constructor(
    parts: Pick<
      Service,
      "mill" | "authenticator" | "workerKeys" | "webhooks" | "limits" | "places" | "basePath" | "leaseMs" | "stopping"
    >,
  ) {
    this.mill = parts.mill;
    this.kernel = Millrace.kernelOf(parts.mill);
    this.authenticator = parts.authenticator;
    this.workerKeys = parts.workerKeys;
    this.webhooks = parts.webhooks;
    this.limits = parts.limits;
    this.places = parts.places;
    this.basePath = parts.basePath;
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

  /** For who enqueues from within a job: only while its lease is good. */
  enqueuerUnder({ org }: Principal, lease: LeaseRef): Enqueuer {
    return new Enqueuer(Millrace.kernelOf(this.#for(org).mill), lease);
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
    /** Ids that the request is about and its path does not say, for the log. */
    readonly about?: readonly string[];
    /** The code of the problem that was answered. */
    readonly problem?: string;
  };
}
