import { createRoute, z } from "@hono/zod-openapi";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { Instant, Json, Name } from "./fields.ts";
import { EnqueueSchema } from "./jobs.ts";

const Cron = z
  .string()
  .min(1)
  .max(200)
  .openapi({ description: "Five fields, or six with seconds first", example: "0 3 * * *" });
const TimeZone = z.string().min(1).max(100).openapi({ description: "IANA name", example: "Europe/Berlin" });

const ScheduleSchema = z
  .object({
    name: Name,
    cron: Cron,
    timeZone: TimeZone,
    kind: Name,
    payload: Json,
    nextAt: Instant.nullable(),
    lastAt: Instant.nullable(),
  })
  .openapi("Schedule");

/** A rule, and what it enqueues: all that an enqueue takes but what belongs to one job. */
const PutScheduleSchema = EnqueueSchema.omit({ id: true, delayMs: true, runAt: true, secrets: true })
  .extend({ cron: Cron, timeZone: TimeZone.optional() })
  .openapi("PutSchedule");

const NameParams = z.object({ name: Name });
const tags = ["Schedules"];

export const listSchedules = createRoute({
  method: "get",
  path: "/v1/schedules",
  summary: "List the schedules",
  tags,
  ...KEYED,
  responses: { 200: json(z.object({ schedules: z.array(ScheduleSchema) }), "By name"), ...problems() },
});

export const getSchedule = createRoute({
  method: "get",
  path: "/v1/schedules/{name}",
  summary: "Read a schedule",
  tags,
  ...KEYED,
  request: { params: NameParams },
  responses: { 200: json(ScheduleSchema, "The schedule"), ...problems(404) },
});

export const putSchedule = createRoute({
  method: "put",
  path: "/v1/schedules/{name}",
  summary: "Enqueue a job by a cron rule",
  description: "Each due time is enqueued once, over all processes. The same name again replaces the rule.",
  tags,
  ...KEYED,
  request: { params: NameParams, body: jsonBody(PutScheduleSchema) },
  responses: {
    201: json(ScheduleSchema, "It is new"),
    200: json(ScheduleSchema, "It was replaced"),
    ...problems(413, 415, 422),
  },
});

export const removeSchedule = createRoute({
  method: "delete",
  path: "/v1/schedules/{name}",
  summary: "Remove a schedule",
  description: "Jobs that it enqueued stay.",
  tags,
  ...KEYED,
  request: { params: NameParams },
  responses: { 204: { description: "It is gone" }, ...problems(404) },
});
