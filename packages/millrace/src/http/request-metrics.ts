import type { Context, MiddlewareHandler } from "hono";
import { routeOf } from "./matched-route.ts";
import type { Metric, Sample } from "./prometheus.ts";
import type { Env } from "./service.ts";

/** Upper bounds of the latency histogram, in seconds. A claim may wait for 30. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Requests of organisations beyond these are not counted until others have been forgotten. */
const MOST_ORGS = 1_000;
/** Requests that nobody is known to have sent. */
const NOBODY = "";

interface Latency {
  readonly labels: { readonly method: string; readonly route: string; readonly caller: "known" | "unknown" };
  /** As many as bounds, each without those below. */
  readonly counts: number[];
  readonly countByStatus: Map<number, number>;
  sum: number;
  inFlightCount: number;
}

/** Counts requests by route and status, for each organisation apart: how busy one is, is none of another's business. */
export class RequestMetrics {
  readonly #byOrg = new Map<string, Map<string, Latency>>();

  /** Measures until the answer begins; what streams goes on for as long as its reader likes. */
  observe(now: () => number): MiddlewareHandler<Env> {
    return async (c, next) => {
      const startedMs = now();
      await next();
      const latency = this.#latencyOf(c);
      const seconds = (now() - startedMs) / 1_000;
      latency.sum += seconds;
      count(latency, c.res.status, seconds);
    };
  }

  /** Counts what is being answered; stands where it is known who asks. Claims that wait are among them. */
  track(): MiddlewareHandler<Env> {
    return async (c, next) => {
      const latency = this.#latencyOf(c);
      latency.inFlightCount += 1;
      // The framework has made an answer of whatever was thrown.
      await next();
      latency.inFlightCount -= 1;
    };
  }

  /** What is known of the organisation's requests, and of those that nobody is known to have sent. */
  metrics(org: string): readonly Metric[] {
    const all = [NOBODY, org].flatMap((name) => [...(this.#byOrg.get(name)?.values() ?? [])]);
    return [
      {
        name: "millrace_http_requests_total",
        help: "Requests that were answered.",
        type: "counter",
        samples: all.flatMap(({ labels, countByStatus }) =>
          [...countByStatus].map(([status, value]) => ({ labels: { ...labels, status }, value })),
        ),
      },
      {
        name: "millrace_http_request_duration_seconds",
        help: "Time until the answer began.",
        type: "histogram",
        samples: all.flatMap((latency) => histogram(latency)),
      },
      {
        name: "millrace_http_requests_in_flight",
        help: "Requests that are being answered; claims that wait are among them, streams are not.",
        type: "gauge",
        samples: all.map(({ labels, inFlightCount }) => ({ labels, value: inFlightCount })),
      },
    ];
  }

  #latencyOf(c: Context<Env>): Latency {
    // Unset where the key was not known.
    const principal = c.get("principal") as { readonly org: string } | undefined;
    const org = principal?.org ?? NOBODY;
    const route = routeOf(c) ?? "unmatched";
    const method = METHODS.has(c.req.method) ? c.req.method : "OTHER";
    let ofOrg = this.#byOrg.get(org);
    if (ofOrg === undefined) {
      if (this.#byOrg.size >= MOST_ORGS) this.#byOrg.clear();
      ofOrg = new Map();
      this.#byOrg.set(org, ofOrg);
    }
    const key = `${method} ${route}`;
    let latency = ofOrg.get(key);
    if (latency === undefined) {
      const labels = { method, route, caller: org === NOBODY ? "unknown" : "known" } as const;
      latency = { labels, counts: BOUNDS.map(() => 0), countByStatus: new Map(), sum: 0, inFlightCount: 0 };
      ofOrg.set(key, latency);
    }
    return latency;
  }
}

function count({ counts, countByStatus }: Latency, status: number, seconds: number): void {
  const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
  const place = bucket === -1 ? BOUNDS.length : bucket;
  counts[place] = (counts[place] ?? 0) + 1;
  countByStatus.set(status, (countByStatus.get(status) ?? 0) + 1);
}

function histogram({ labels, counts, sum }: Latency): readonly Sample[] {
  let total = 0;
  const buckets: Sample[] = [...BOUNDS, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += counts[index] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : bound;
    return { suffix: "_bucket", labels: { ...labels, le }, value: total };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
}
