import { type z } from "@hono/zod-openapi";
import { ProblemSchema } from "./problem.ts";

/** Parts of route definitions that all routes write alike. */

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

export function problem(description: string) {
  return { description, content: { "application/problem+json": { schema: ProblemSchema } } };
}

const EVERYWHERE = {
  400: problem("The request is wrong; `details.problems` says all that is"),
  401: problem("No valid key was given"),
  403: problem("The key may not do this"),
  429: problem("Too many requests; `Retry-After` says when to come back"),
  503: problem("The store cannot do it now; ask again later"),
} as const;

const SOMETIMES = {
  404: problem("There is no such thing, or it belongs to another organisation"),
  409: problem("Not in its present state; `details` says in which it is"),
  413: problem("The body is too large"),
  415: problem("The body is not JSON"),
  422: problem("The payload is wrong"),
} as const;

/** The errors that a route answers: those that every route does, and the named ones. */
export function problems<Status extends keyof typeof SOMETIMES = never>(...statuses: readonly Status[]) {
  const chosen = Object.fromEntries(statuses.map((status) => [status, SOMETIMES[status]])) as Pick<
    typeof SOMETIMES,
    Status
  >;
  return { ...EVERYWHERE, ...chosen };
}

/** Routes that ask for a key. */
export const KEYED = { security: [{ key: [] }] };
