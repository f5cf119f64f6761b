import type { Role } from "../../src/core/role.ts";

/** Everybody who may call: with a role in the organisation, without a key, or as the owner of another organisation. */
export type Who = Role | "none" | "stranger";

type ByWho<T> = Readonly<Record<Who, T>>;

/** A job of one's own, of somebody else in the organisation, of another organisation. */
type ByJob = readonly [own: number, others: number, elsewhere: number];

export interface JobCase {
  readonly state: "queued" | "cancelled";
}

/** A route, and what it answers to whom. */
export type Route = {
  readonly route: string;
  readonly body?: unknown;
  /** What stands for `{id}` where it is not a worker's. */
  readonly id?: string;
} & (
  | { readonly job: JobCase; readonly expected: ByWho<ByJob> }
  | { readonly job?: undefined; readonly expected: ByWho<number> }
);

/** Whoever may not do it at all learns nothing of any job: it is 403 even for another organisation's. */
const NEVER: ByJob = [403, 403, 403];
const NOBODY: ByJob = [401, 401, 401];

function looks(route: string, ok = 200): Route {
  const expected = {
    owner: [ok, ok, 404],
    admin: [ok, ok, 404],
    member: [ok, 403, 404],
    viewer: [ok, ok, 404],
    worker: NEVER,
    none: NOBODY,
    stranger: [404, 404, ok],
  } as const satisfies ByWho<ByJob>;
  return { route, job: { state: "queued" }, expected };
}

function acts(route: string, state: JobCase["state"], ok: number, body?: unknown): Route {
  const expected = {
    owner: [ok, ok, 404],
    admin: [ok, ok, 404],
    member: [ok, 403, 404],
    viewer: NEVER,
    worker: NEVER,
    none: NOBODY,
    stranger: [404, 404, ok],
  } as const satisfies ByWho<ByJob>;
  return { route, body, job: { state }, expected };
}

/** As the route says, and for workers too: of the jobs that they hold, and they hold none of these. */
function heldToo(route: Route): Route {
  if (route.job === undefined) return route;
  const worker: ByJob = [409, 409, 404];
  return { ...route, expected: { ...route.expected, worker } };
}

/** Of the organisation as a whole; each sees its own. */
function all(route: string, ok: number, but: Partial<ByWho<number>>, body?: unknown): Route {
  const everybody = { owner: ok, admin: ok, member: ok, viewer: ok, worker: ok, none: 401, stranger: ok };
  return { route, body, expected: { ...everybody, ...but } };
}

const NO_MEMBERS = { member: 403, worker: 403 };
const STEERS = { member: 403, viewer: 403, worker: 403 };
/** Nobody but the worker itself. */
const ITSELF = { owner: 403, admin: 403, member: 403, viewer: 403, stranger: 403 };
const OPEN = { none: 200 };
const NO_LEASE = { job: "job_01k0c9m2w8x7q5v3r1t4y6p8n0", token: 1 };

export const ROUTES: readonly Route[] = [
  all("POST /v1/jobs", 201, { viewer: 403, worker: 403 }, { kind: "k" }),
  all("POST /v1/jobs/batch", 201, { viewer: 403, worker: 403 }, { jobs: [{ kind: "k" }] }),
  all("GET /v1/jobs", 200, { worker: 403 }),
  looks("GET /v1/jobs/{id}"),
  looks("GET /v1/scopes/{scope}/jobs/{number}"),
  looks("GET /v1/jobs/{id}/explain"),
  looks("GET /v1/jobs/{id}/attempts"),
  all("POST /v1/jobs/ended", 200, { worker: 403 }, { ids: [] }),
  looks("GET /v1/jobs/{id}/events"),
  looks("GET /v1/jobs/{id}/logs"),
  heldToo(looks("GET /v1/jobs/{id}/artifacts")),
  // There is none of that name.
  heldToo(looks("GET /v1/jobs/{id}/artifacts/{name}", 404)),
  heldToo(acts("PUT /v1/jobs/{id}/artifacts/{name}", "queued", 201, {})),
  heldToo(acts("PUT /v1/jobs/{id}/artifacts/{name}", "cancelled", 409, {})),
  acts("POST /v1/jobs/{id}/cancel", "queued", 200, {}),
  acts("POST /v1/jobs/{id}/cancel", "cancelled", 200, {}),
  acts("POST /v1/jobs/{id}/retry", "cancelled", 201),
  // Who may not is not even told that it has not ended yet.
  acts("POST /v1/jobs/{id}/retry", "queued", 409),

  all("GET /v1/queues", 200, { worker: 403 }),
  all("POST /v1/queues/{name}/pause", 200, STEERS),
  all("POST /v1/queues/{name}/resume", 200, STEERS),
  all("PATCH /v1/queues/{name}", 200, STEERS, { maxAttempts: 2 }),
  all("GET /v1/stats", 200, { worker: 403 }),
  all("GET /v1/events", 200, { worker: 403 }),

  all("GET /v1/schedules", 200, NO_MEMBERS),
  // There is none of that name.
  all("GET /v1/schedules/{name}", 404, NO_MEMBERS),
  all("PUT /v1/schedules/{name}", 200, { ...STEERS, owner: 201, stranger: 201 }, { cron: "0 3 * * *", kind: "k" }),
  all("DELETE /v1/schedules/{name}", 404, STEERS),

  all("GET /v1/workers", 200, NO_MEMBERS),
  all("POST /v1/workers", 201, { member: 403, viewer: 403 }, {}),
  all("POST /v1/workers/{id}/claim", 200, ITSELF, {}),
  all("DELETE /v1/workers/{id}/claim", 200, ITSELF),
  all("GET /v1/workers/{id}/cancels", 200, ITSELF),
  // There is no such lease.
  all("POST /v1/workers/{id}/jobs", 409, ITSELF, { under: NO_LEASE, jobs: [] }),
  all("POST /v1/workers/{id}/heartbeat", 200, ITSELF, { leases: [] }),
  all("POST /v1/workers/{id}/settle", 200, ITSELF, { outcomes: [] }),
  all("POST /v1/workers/{id}/logs", 200, ITSELF, { entries: [] }),
  all("DELETE /v1/workers/{id}", 200, ITSELF),

  all("GET /v1/me", 200, {}),
  all("GET /v1/keys", 200, STEERS),
  all("POST /v1/keys", 201, STEERS, { name: "some", role: "member" }),
  // There is none of that id.
  { ...all("DELETE /v1/keys/{id}", 404, STEERS), id: "key_01k0c9m2w8x7q5v3r1t4y6p8n0" },
  all("GET /v1/webhooks", 200, STEERS),
  all("POST /v1/webhooks", 201, STEERS, { url: "https://example.com/" }),
  { ...all("DELETE /v1/webhooks/{id}", 404, STEERS), id: "hook_01k0c9m2w8x7q5v3r1t4y6p8n0" },

  all("GET /health", 200, OPEN),
  all("GET /ready", 200, OPEN),
  all("GET /openapi.json", 200, OPEN),
  all("GET /metrics", 200, NO_MEMBERS),
];
