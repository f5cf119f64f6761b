import type { OpenAPIHono } from "@hono/zod-openapi";
import { allowedJob } from "../allowed-job.ts";
import * as api from "../api/jobs.ts";
import { requireRight, rightTo } from "../policy.ts";
import type { Env, Service } from "../service.ts";
import { enqueueItem, given, jobBody } from "../wire.ts";

/** Jobs: enqueue, look, cancel, retry. */
export function jobRoutes(app: OpenAPIHono<Env>, service: Service): void {
  app.openapi(api.enqueueJob, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "enqueue");
    const { kind, payload, options } = enqueueItem(c.req.valid("json"), principal.name);
    const enqueuer = service.enqueuerOf(principal);
    const request = await enqueuer.request(kind, payload, options);
    const job = await enqueuer.send(request);
    return job.id === request.id ? c.json(jobBody(job), 201) : c.json(jobBody(job), 200);
  });

  app.openapi(api.enqueueJobs, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "enqueue");
    const items = c.req.valid("json").jobs.map((body) => enqueueItem(body, principal.name));
    const jobs = await service.clientOf(principal).enqueueMany(items);
    return c.json({ jobs: jobs.map(jobBody) }, 201);
  });

  app.openapi(api.listJobs, async (c) => {
    const principal = c.get("principal");
    const { limit, cursor, ...filter } = c.req.valid("query");
    const own = rightTo(principal, "read") === "own" ? { createdBy: principal.name } : {};
    const page = await service.clientOf(principal).list({ ...given(filter), ...own }, given({ limit, cursor }));
    return c.json({ jobs: page.jobs.map(jobBody), nextCursor: page.nextCursor }, 200);
  });

  app.openapi(api.getJob, async (c) => {
    const job = await allowedJob(service, c.get("principal"), "read", c.req.valid("param").id);
    return c.json(jobBody(job), 200);
  });

  app.openapi(api.findJob, async (c) => {
    const principal = c.get("principal");
    const { scope, number } = c.req.valid("param");
    rightTo(principal, "read");
    const job = await service.clientOf(principal).find({ scope, number });
    return c.json(jobBody(requireRight(principal, "read", job, `${scope}#${number}`)), 200);
  });

  app.openapi(api.cancelJob, async (c) => {
    const principal = c.get("principal");
    const { id } = await allowedJob(service, principal, "cancel", c.req.valid("param").id);
    const { reason } = c.req.valid("json");
    const job = await service.clientOf(principal).cancel(id, { by: principal.name, ...given({ reason }) });
    return c.json(jobBody(job), 200);
  });

  app.openapi(api.retryJob, async (c) => {
    const principal = c.get("principal");
    const { id } = await allowedJob(service, principal, "retry", c.req.valid("param").id);
    return c.json(jobBody(await service.clientOf(principal).retry(id, { by: principal.name })), 201);
  });

  app.openapi(api.explainJob, async (c) => {
    const principal = c.get("principal");
    const { id } = await allowedJob(service, principal, "read", c.req.valid("param").id);
    const { job, sentences } = await service.clientOf(principal).explain(id);
    return c.json({ job: jobBody(job), sentences: [...sentences] }, 200);
  });
}
