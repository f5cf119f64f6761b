import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "./service.ts";

/** Grows with what is on the wire, and not with the package. */
const API_VERSION = "1.0.0";

const DESCRIPTION =
  "Enqueue, follow, cancel and run jobs. Send `Authorization: Bearer KEY`, where KEY is an API key, a JWT with `sub`, " +
  "`org` and `role`, or the key of a worker. Errors are `application/problem+json` (RFC 9457) with a `code` for programs " +
  "and the `requestId` under which the server logged them.";

const TAGS: Readonly<Record<string, string>> = {
  Jobs: "Enqueue, look, cancel, retry",
  Artifacts: "Files that belong to jobs",
  Workers: "Claim jobs, keep their leases, settle them",
  Queues: "Look, pause, resume",
  Schedules: "Jobs by the clock",
  Events: "What happens, as it happens",
  Keys: "Make, list and revoke keys",
  Webhooks: "Be told what happens",
  Operations: "How the server is",
};

/** OpenAPI 3.1 of all routes that are registered, as JSON text. */
export function openApiText(app: OpenAPIHono<Env>, basePath: string): string {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version: API_VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", url: "https://spdx.org/licenses/MIT" },
    },
    servers: [{ url: basePath === "" ? "/" : basePath }],
  });
  const used = new Set(Object.values(document.paths ?? {}).flatMap((path) => tagsOf(path)));
  document.tags = [...used].toSorted().map((name) => ({ name, ...described(TAGS[name]) }));
  document.components = {
    ...document.components,
    securitySchemes: {
      key: { type: "http", scheme: "bearer", description: "An API key, a JWT or the key of a worker" },
    },
  };
  return JSON.stringify(document);
}

function tagsOf(path: object): readonly string[] {
  return Object.values(path as Record<string, { readonly tags?: readonly string[] }>).flatMap(({ tags }) => tags ?? []);
}

function described(description: string | undefined): { readonly description?: string } {
  return description === undefined ? {} : { description };
}
