import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { getPath } from "hono/utils/url";
import { InputError } from "../core/errors.ts";
import { guardRequests, methodsOf } from "./guard.ts";
import { problemOf, Refusal } from "./refusal.ts";
import { logRequests, withoutSecrets } from "./request-log.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { eventRoutes } from "./routes/events.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { keyRoutes } from "./routes/keys.ts";
import { logRoutes } from "./routes/logs.ts";
import { meRoutes } from "./routes/me.ts";
import { operationRoutes } from "./routes/operations.ts";
import { queueRoutes } from "./routes/queues.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { workerRoutes } from "./routes/workers.ts";
import type { Env, Service } from "./service.ts";

const REQUEST_ID = /^[\w.:-]{1,100}$/;
/** Open to everybody: nothing that they answer belongs to anybody. */
const OPEN = new Set(["/health", "/ready", "/openapi.json"]);

/** The server as a function from request to response. */
export function createApp(service: Service): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    getPath: (request) => pathBelow(service.basePath, getPath(request)),
    defaultHook: (result) => {
      if (!result.success) throw wrongRequest(result.error.issues);
    },
  });
  app.use(async (c, next) => {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    c.set("requestId", requestId);
    c.header("X-Request-Id", requestId);
    await next();
  });
  app.use(logRequests(service.kernel));
  const requests = new RequestMetrics();
  app.use(requests.observe(() => service.kernel.clock.monotonic()));
  // Browsers ask so without a key. They are told what there is, and nothing that lets other sites in.
  app.options("*", (c) => {
    const methods = methodsOf(app, c.req.path);
    return methods.length === 0 ? c.notFound() : c.body(null, 204, { Allow: methods.join(", ") });
  });
  app.use(async (c, next) => {
    if (!OPEN.has(c.req.path)) {
      const header = c.req.header("authorization");
      c.set("principal", await service.authenticator.authenticate(header));
      c.set("key", header?.replace(/^Bearer +/i, "") ?? "");
    }
    await next();
  });
  app.use(requests.track());
  app.use(guardRequests(app, service));
  app.use((c, next) => {
    const { tracing } = service.kernel;
    return tracing === undefined ? next() : tracing.continuing(c.req.header("traceparent"), next);
  });
  jobRoutes(app, service);
  logRoutes(app, service);
  artifactRoutes(app, service);
  eventRoutes(app, service);
  queueRoutes(app, service);
  scheduleRoutes(app, service);
  workerRoutes(app, service);
  keyRoutes(app, service);
  webhookRoutes(app, service);
  meRoutes(app);
  operationRoutes(app, service, requests);
  app.notFound((c) => {
    const methods = methodsOf(app, c.req.path);
    if (methods.length === 0) return answerError(c, service, new Refusal("not_found", `there is no ${c.req.path}`));
    const refusal = new Refusal("method_not_allowed", `${c.req.path} takes ${methods.join(", ")}, not ${c.req.method}`);
    const answer = answerError(c, service, refusal);
    answer.headers.set("Allow", methods.join(", "));
    return answer;
  });
  app.onError((error, c) => answerError(c, service, error));
  return app;
}

function pathBelow(basePath: string, path: string): string {
  // Elsewhere there is nothing.
  return path === basePath || path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : `//${path}`;
}

function answerError(c: Context<Env>, service: Service, error: unknown): Response {
  const requestId = c.get("requestId");
  const problem = problemOf(error, requestId);
  c.set("problem", problem.code);
  if (problem.status >= 500) {
    service.kernel.logger.error({ error, requestId, path: withoutSecrets(c.req.path) }, "a request failed");
  }
  const headers = new Headers({ "Content-Type": "application/problem+json", "X-Request-Id": requestId });
  if (problem.status === 401) headers.set("WWW-Authenticate", "Bearer");
  if (error instanceof Refusal && error.retryAfterMs !== undefined) {
    headers.set("Retry-After", String(Math.ceil(error.retryAfterMs / 1_000)));
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** All that is wrong, each with its place. */
function wrongRequest(issues: readonly Issue[]): InputError {
  const problems = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  return new InputError("request_invalid", problems.join("; "), { details: { problems } });
}
