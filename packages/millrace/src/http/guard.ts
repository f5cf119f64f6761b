import type { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { InputError } from "../core/errors.ts";
import { readJsonText } from "./json-body.ts";
import type { Limits } from "./limits.ts";
import type { Principal } from "./principal.ts";
import { RateLimit } from "./rate-limit.ts";
import { Refusal } from "./refusal.ts";
import type { Env, Service } from "./service.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

/**
 * What holds for every request once it is known who sends it: so many a minute, and a body that is JSON, no larger and
 * no deeper than it may be. Bodies that a route streams are for the route to count.
 */
export function guardRequests(app: OpenAPIHono<Env>, service: Service): MiddlewareHandler<Env> {
  const rate = new RateLimit(service.limits.requestsPerMinute, () => service.kernel.clock.monotonic());
  let bodies: ReadonlyMap<string, JsonBody> | undefined;
  return async (c, next) => {
    // Not set on routes that are open.
    const principal = c.get("principal") as Principal | undefined;
    // By who it is and not by the key: a worker's changes every minute, and a JWT can be made anew for each request.
    if (principal !== undefined) rate.take(`${principal.org} ${principal.role} ${principal.name}`);
    bodies ??= jsonBodies(app);
    const body = bodyOf(bodies, matchedRoutes(c));
    if (body !== undefined) {
      const text = await readBody(c.req.raw, body, service.limits);
      // Where the validator looks for it; it holds promises, whatever its type says.
      c.req.bodyCache.text = Promise.resolve(text) as unknown as string;
    }
    await next();
    // Nobody reads what a stream would bring; it ends, and is counted no longer.
    if (c.req.method === "HEAD") await c.res.body?.cancel();
  };
}

interface JsonBody {
  readonly isRequired: boolean;
}

interface MatchedRoute {
  readonly method: string;
  readonly path: string;
}

function bodyOf(bodies: ReadonlyMap<string, JsonBody>, routes: readonly MatchedRoute[]): JsonBody | undefined {
  // What is in front of a route matches too, and validators under the route's own name.
  const route = routes.find(({ method, path }) => bodies.has(`${method} ${path}`));
  return route === undefined ? undefined : bodies.get(`${route.method} ${route.path}`);
}

/** @throws Refusal `unsupported_media_type`, InputError `request_invalid` where there is none and must be one */
async function readBody(request: Request, { isRequired }: JsonBody, limits: Limits): Promise<string> {
  const type = request.headers.get("content-type");
  if (type !== null && !JSON_TYPE.test(type)) throw notJson(`this is ${type}`);
  const text = await readJsonText(request, limits);
  if (text === "") {
    if (isRequired) throw new InputError("request_invalid", "the body is empty; expected a JSON object");
    return "{}";
  }
  if (type === null) throw notJson("there is no Content-Type");
  return text;
}

function notJson(found: string): Refusal {
  return new Refusal("unsupported_media_type", `the body must be application/json; ${found}`);
}

/** The routes that take JSON, by method and path, as they were defined. */
function jsonBodies(app: OpenAPIHono<Env>): ReadonlyMap<string, JsonBody> {
  const bodies = new Map<string, JsonBody>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== "route") continue;
    const { method, path, request } = definition.route;
    if (request?.body?.content["application/json"] === undefined) continue;
    const isRequired = request.body.required === true;
    bodies.set(`${method.toUpperCase()} ${path.replaceAll(/\{(.+?)\}/g, ":$1")}`, { isRequired });
  }
  return bodies;
}

/** The methods that a path answers to; none where there is nothing. */
export function methodsOf(app: OpenAPIHono<Env>, path: string): readonly string[] {
  const found = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  if (found.length === 0) return [];
  return [...found, ...(found.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}
