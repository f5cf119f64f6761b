import type { OpenAPIHono } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import type { JobEvent } from "../../core/event.ts";
import { allowedJob } from "../allowed-job.ts";
import * as api from "../api/events.ts";
import { mayActOn, rightTo } from "../policy.ts";
import type { Env, Service } from "../service.ts";
import { readTimeline } from "../timeline.ts";

const JSON_TYPE = "application/json";
const STREAM_TYPE = "text/event-stream";
const PAGE = 500;

/** What happens: to the jobs of an organisation as it comes, to one job as it was. */
export function eventRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { store } = service.kernel;

  app.openapi(api.followEvents, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "follow events");
    const isTold = (event: JobEvent): boolean => mayActOn(principal, "follow events", { ...event, org: principal.org });
    const { after: asked = null, limit = PAGE } = c.req.valid("query");
    c.header("Vary", "Accept");
    const type = accepts(c, { header: "Accept", supports: [STREAM_TYPE, JSON_TYPE], default: STREAM_TYPE });
    if (type === JSON_TYPE) {
      const { events, cursor } = await store.events(principal.org, asked, limit);
      const told = events.filter(isTold).map((event) => ({ ...event, at: event.at.toISOString() }));
      return c.json({ events: told, cursor }, 200);
    }
    const after = c.req.valid("header")["last-event-id"] ?? asked;
    // Asked before the stream begins: a cursor that is none is refused, and without one it is told where the present
    // is, so that a client that is cut off before the first event misses none.
    const { cursor: present } = await store.events(principal.org, after, 1);
    const start = after ?? present;
    return service.streams.answer(c, async function* (signal) {
      yield { id: start };
      for await (const event of service.clientOf(principal).events({ after: start, signal })) {
        if (isTold(event)) yield { id: event.cursor, data: event };
      }
    });
  });

  app.openapi(api.readTimeline, async (c) => {
    const { id } = await allowedJob(service, c.get("principal"), "read", c.req.valid("param").id);
    return c.json({ events: [...(await readTimeline(store, id))] }, 200);
  });
}
