import type { z } from "@hono/zod-openapi";

/** What a route answers as JSON. */
export type Answer<Route, Status extends number = 200> = Route extends {
  readonly responses: {
    readonly [S in Status]: { readonly content: { readonly "application/json": { readonly schema: infer Schema } } };
  };
}
  ? z.infer<Schema & z.ZodType>
  : never;

/** What a route takes as JSON. */
export type Body<Route> = Route extends {
  readonly request: {
    readonly body: { readonly content: { readonly "application/json": { readonly schema: infer Schema } } };
  };
}
  ? z.infer<Schema & z.ZodType>
  : never;
