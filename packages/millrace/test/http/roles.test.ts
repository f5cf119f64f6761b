import { describe, expect, it } from "vitest";
import { aServer, jwtFor, type Bench } from "./bench.ts";
import { ROUTES, type JobCase, type Route, type Who } from "./route-table.ts";

const PEOPLE = ["owner", "admin", "member", "viewer", "worker", "none", "stranger"] as const satisfies readonly Who[];
/** Nobody who may not read a job is told what is in it. */
const SECRET = "only for whoever may read the job";

/** A server with the keys of everybody; the worker has registered under its name. */
async function aTown(): Promise<Bench & { readonly keys: Readonly<Record<Who, string | null>> }> {
  const server = await aServer();
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
async function answerTo(server: Bench, { route, body }: Route, path: string, key: string | null): Promise<Response> {
  const headers = new Headers();
  if (key !== null) headers.set("Authorization", `Bearer ${key}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const method = route.slice(0, route.indexOf(" "));
  const text = body === undefined ? null : JSON.stringify(body);
  return server.fetch(new Request(`http://server${path}`, { method, headers, body: text }));
}

function pathOf({ route }: Route, places: Readonly<Record<string, string>>): string {
  return route
    .slice(route.indexOf(" ") + 1)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(places[name] ?? name));
}

/** A job in the given state, and the places by which routes name it. */
async function aJob(
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

describe("every role", () => {
  it("is in the table for every route", async () => {
    const { ask } = await aServer();
    const document = (await ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
    const paths = Object.entries(document.paths);
    const routes = paths.flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...new Set(ROUTES.map(({ route }) => route))].toSorted()).toEqual(routes.toSorted());
  });

  it.each(ROUTES)("on $route", async (route) => {
    const server = await aTown();
    const found: Record<string, unknown> = {};
    for (const who of PEOPLE) {
      const key = server.keys[who];
      if (route.job === undefined) {
        const response = await answerTo(server, route, pathOf(route, { id: "worker", name: "some" }), key);
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
        else expect(await response.text()).not.toContain(SECRET);
      }
      found[who] = statuses;
    }
    expect(found).toEqual(route.expected);
  });

  it("is told of another organisation's job no more than of one that is nowhere", async () => {
    const server = await aTown();
    const nowhere = "job_01k0c9m2w8x7q5v3r1t4y6p8n0";
    for (const state of ["queued", "cancelled"] as const) {
      const { id = "" } = await aJob(server, "other", "owner", state);
      for (const route of ROUTES.filter(({ route: name, job }) => job !== undefined && name.includes("{id}"))) {
        const said = async (job: string): Promise<string> => {
          const response = await answerTo(server, route, pathOf(route, { id: job, name: "some" }), server.keys.owner);
          const { requestId, ...rest } = (await response.json()) as { requestId: string };
          expect(requestId).toBeTruthy();
          return JSON.stringify(rest).replaceAll(job, "job");
        };
        expect(await said(id)).toBe(await said(nowhere));
      }
    }
  });
});
