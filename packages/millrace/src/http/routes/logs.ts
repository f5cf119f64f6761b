import type { OpenAPIHono } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { InputError } from "../../core/errors.ts";
import { allowedJob } from "../allowed-job.ts";
import * as api from "../api/logs.ts";
import { followLog } from "../follow-log.ts";
import type { Env, Service } from "../service.ts";

const JSON_TYPE = "application/json";
const STREAM_TYPE = "text/event-stream";
const PAGE = 1_000;

/** The log of a job, in pages or as a stream. */
export function logRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { kernel } = service;

  app.openapi(api.readLogs, async (c) => {
    const { id } = await allowedJob(service, c.get("principal"), "read", c.req.valid("param").id);
    const { after = 0, limit = PAGE, follow: isFollowing = false } = c.req.valid("query");
    c.header("Vary", "Accept");
    const type = accepts(c, { header: "Accept", supports: [JSON_TYPE, STREAM_TYPE], default: JSON_TYPE });
    if (type === STREAM_TYPE) {
      const start = c.req.valid("header")["last-event-id"] ?? after;
      return service.streams.answer(c, (signal) => followLog(kernel, id, { after: start, isFollowing }, signal));
    }
    if (isFollowing) {
      throw new InputError("request_invalid", `\`follow\` is for streams: ask for one with \`Accept: ${STREAM_TYPE}\``);
    }
    const lines = await kernel.store.logs(id, { after, limit });
    return c.json({ lines: [...lines], next: lines.at(-1)?.sequence ?? after }, 200);
  });
}
