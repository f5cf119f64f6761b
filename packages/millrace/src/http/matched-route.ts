import type { Context } from "hono";
import { matchedRoutes } from "hono/route";

/** The route that answers, with names where the path has values: `/v1/jobs/:id`; `undefined` when none does. */
export function routeOf(c: Context): string | undefined {
  return matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path;
}
