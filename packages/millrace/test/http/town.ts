import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { aServer, jwtFor, OURS, type Bench, type Maker } from "./bench.ts";
import type { JobCase, Route, Who } from "./route-table.ts";

const PEOPLE = ["owner", "admin", "member", "viewer", "worker", "none", "stranger"] as const satisfies readonly Who[];
/** Nobody who may not read a job is told what is in it. */
const SECRET = "only for whoever may read the job";

type Town = Bench & { readonly keys: Readonly<Record<Who, string | null>> };

/**
 * A server with the keys of everybody, which can seal; the worker has registered under its name.
 * @param open makes the server; by default one that is gone when the test is
 */
export async function aTown(maker = OURS, open = aServer): Promise<Town> {
  const secretKey = randomBytes(32).toString("base64");
  const openMillrace: Maker["openMillrace"] = async (target) => maker.openMillrace(target, { secretKey });
  const server = await open({}, "memory:", { ...maker, openMillrace });
  const worker = (await server.ask("POST", "/v1/workers", { id: "worker", name: "worker" })).body as { key: string };
  const [owner, admin, member, viewer, stranger] = await Promise.all([
    jwtFor("owner", "owner"),
    jwtFor("admin", "admin"),
    jwtFor("member", "member"),
    jwtFor("viewer", "viewer"),
    jwtFor("stranger", "owner", "other"),
  ]);
  return { ...server, keys: { owner, admin, member, viewer, worker: worker.key, none: null, stranger } };
}

/** What is answered, once the headers are there; nobody reads a stream to its end. */
export async function answerTo(
  server: Bench,
  { route, body }: Route,
  path: string,
  key: string | null,
): Promise<Response> {
  const headers = new Headers();
  if (key !== null) headers.set("Authorization", `Bearer ${key}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const method = route.slice(0, route.indexOf(" "));
  const text = body === undefined ? null : JSON.stringify(body);
  return server.fetch(new Request(`http://server${path}`, { method, headers, body: text }));
}

export function pathOf({ route }: Route, places: Readonly<Record<string, string>>): string {
  return route
    .slice(route.indexOf(" ") + 1)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(places[name] ?? name));
}

/** A job in the given state, and the places by which routes name it. */
export async function aJob(
  { mill }: Bench,
  org: string,
  createdBy: string,
  state: JobCase["state"],
): Promise<Record<string, string>> {
  const client = mill.forOrg(org);
  const scope = `${org}-${createdBy}-${state}`;
  const { id, number } = await client.enqueue("k", SECRET, { createdBy, scope, queue: scope });
  if (state === "cancelled") await client.cancel(id);
  return { id, scope, number: String(number) };
}

/** What everybody is answered on a route; for routes to a job, on one's own, on another's and on one elsewhere. */
export async function statusesOf(server: Town, route: Route): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const who of PEOPLE) {
    const key = server.keys[who];
    if (route.job === undefined) {
      const response = await answerTo(server, route, pathOf(route, { id: route.id ?? "worker", name: "some" }), key);
      await response.body?.cancel();
      found[who] = response.status;
      continue;
    }
    const statuses: number[] = [];
    for (const [org, createdBy] of [
      ["default", who],
      ["default", "somebody"],
      ["other", who],
    ] as const) {
      const places = await aJob(server, org, createdBy, route.job.state);
      const response = await answerTo(server, route, pathOf(route, { ...places, name: "some" }), key);
      statuses.push(response.status);
      const isTold = response.status < 400 || response.status === 409;
      if (isTold) await response.body?.cancel();
      else assert.ok(!(await response.text()).includes(SECRET), "whoever may not read a job is not told what is in it");
    }
    found[who] = statuses;
  }
  return found;
}
