import type { OpenAPIHono } from "@hono/zod-openapi";
import * as api from "../api/me.ts";
import type { Env } from "../service.ts";

/** Whose key it is; everybody may know that of their own. */
export function meRoutes(app: OpenAPIHono<Env>): void {
  app.openapi(api.readMe, (c) => {
    const { org, role, name } = c.get("principal");
    return c.json({ org, role, name }, 200);
  });
}
