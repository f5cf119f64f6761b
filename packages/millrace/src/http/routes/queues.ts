import type { OpenAPIHono } from "@hono/zod-openapi";
import type { QueueOverrides } from "../../core/queue.ts";
import * as api from "../api/queues.ts";
import { rightTo } from "../policy.ts";
import type { Env, Service } from "../service.ts";
import { given } from "../wire.ts";

/** Queues and those who serve them: look, steer, count. */
export function queueRoutes(app: OpenAPIHono<Env>, service: Service): void {
  app.openapi(api.listQueues, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read queues");
    return c.json({ queues: [...(await service.clientOf(principal).queues())] }, 200);
  });

  app.openapi(api.pauseQueue, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "steer queues");
    return c.json(await service.clientOf(principal).queue(c.req.valid("param").name).pause(), 200);
  });

  app.openapi(api.resumeQueue, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "steer queues");
    return c.json(await service.clientOf(principal).queue(c.req.valid("param").name).resume(), 200);
  });

  app.openapi(api.configureQueue, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "steer queues");
    const queue = service.clientOf(principal).queue(c.req.valid("param").name);
    // What was left out of the JSON is left out here: nothing is set to `undefined`.
    return c.json(await queue.configure(c.req.valid("json") as QueueOverrides), 200);
  });

  app.openapi(api.readStats, async (c) => {
    const principal = c.get("principal");
    const own = rightTo(principal, "read") === "own" ? { createdBy: principal.name } : {};
    return c.json(await service.clientOf(principal).counts({ ...given(c.req.valid("query")), ...own }), 200);
  });

  app.openapi(api.listWorkers, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read organisation");
    const workers = await service.clientOf(principal).workers();
    const bodies = workers.map(({ queues, labels, ...rest }) => ({
      ...rest,
      queues: queues === null ? null : [...queues],
      labels: [...labels],
    }));
    return c.json({ workers: bodies }, 200);
  });
}
