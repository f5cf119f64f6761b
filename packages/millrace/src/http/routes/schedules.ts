import type { OpenAPIHono } from "@hono/zod-openapi";
import { NotFoundError } from "../../core/errors.ts";
import type { Schedule } from "../../core/schedule.ts";
import * as api from "../api/schedules.ts";
import { rightTo } from "../policy.ts";
import type { Principal } from "../principal.ts";
import type { Env, Service } from "../service.ts";
import { enqueueItem, given } from "../wire.ts";

/** Schedules: look, put, remove. */
export function scheduleRoutes(app: OpenAPIHono<Env>, service: Service): void {
  async function find(principal: Principal, name: string): Promise<Schedule | undefined> {
    return (await service.clientOf(principal).schedules()).find((schedule) => schedule.name === name);
  }

  async function mustFind(principal: Principal, name: string): Promise<Schedule> {
    const schedule = await find(principal, name);
    if (schedule === undefined) throw new NotFoundError("schedule_not_found", `there is no schedule "${name}"`);
    return schedule;
  }

  app.openapi(api.listSchedules, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read organisation");
    return c.json({ schedules: [...(await service.clientOf(principal).schedules())] }, 200);
  });

  app.openapi(api.getSchedule, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read organisation");
    return c.json(await mustFind(principal, c.req.valid("param").name), 200);
  });

  app.openapi(api.putSchedule, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "write schedules");
    const { name } = c.req.valid("param");
    const { cron, timeZone, ...body } = c.req.valid("json");
    const { kind, payload, options } = enqueueItem(body, principal.name);
    const isNew = (await find(principal, name)) === undefined;
    await service.clientOf(principal).schedule(name, cron, kind, payload, { ...options, ...given({ timeZone }) });
    const schedule = await mustFind(principal, name);
    return isNew ? c.json(schedule, 201) : c.json(schedule, 200);
  });

  app.openapi(api.removeSchedule, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "write schedules");
    await service.clientOf(principal).unschedule(c.req.valid("param").name);
    return c.body(null, 204);
  });
}
