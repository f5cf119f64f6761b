import { createRoute, z } from "@hono/zod-openapi";
import { JOB_EVENTS } from "../../core/event.ts";
import { json, KEYED, problems } from "./answers.ts";
import { count, Instant, JobIdField, Name } from "./fields.ts";
import { JobSchema } from "./jobs.ts";

/** On PostgreSQL a cursor names the transactions that are open, and there may be many. */
const EventCursor = z.string().max(8_000);

/** What happened to a job, as a stream tells it. */
const EventSchema = z
  .object({
    cursor: EventCursor,
    type: z.enum(JOB_EVENTS),
    at: Instant,
    job: JobIdField,
    number: z.int().nullable(),
    scope: Name,
    queue: Name,
    kind: Name,
    createdBy: z.string().nullable().openapi({ description: "Who asked for the job" }),
  })
  .openapi("Event");

const EventPageSchema = z
  .object({
    events: z.array(EventSchema),
    cursor: EventCursor.openapi({ description: "Pass it as `after` to read on" }),
  })
  .openapi("EventPage");

/** What happened to a job, when, and who did it. */
const TimelineEntrySchema = z
  .object({
    type: z.enum(JOB_EVENTS),
    at: Instant,
    by: z.string().nullable().openapi({
      description: "Who enqueued or cancelled it, or the worker of the attempt; `null` when nobody is known",
    }),
    attempt: z.int().nullable(),
    reason: z.string().nullable().openapi({ description: "Why it was cancelled" }),
    error: JobSchema.shape.error,
  })
  .openapi("TimelineEntry");

export type TimelineEntry = z.infer<typeof TimelineEntrySchema>;

const tags = ["Events"];

export const followEvents = createRoute({
  method: "get",
  path: "/v1/events",
  summary: "Follow what happens to the organisation's jobs; for members, to their own",
  description:
    "Server-sent events without end, each an `Event` as JSON, with its cursor as `id`. Begins at the present, or after the cursor in `Last-Event-ID` or `after`: nothing is missed, and nothing told twice. A comment every 15 s keeps the connection alive. With `Accept: application/json`, a page of what came after the cursor; without one, where the present is.",
  tags,
  ...KEYED,
  request: {
    query: z.object({
      after: EventCursor.optional().openapi({ description: "The cursor to go on from" }),
      limit: count(1, 1_000)
        .optional()
        .openapi({ description: "Events of a page, 500 unless given; a stream tells them all" }),
    }),
    headers: z.object({
      "last-event-id": EventCursor.optional().openapi({ description: "As `after`, and before it: browsers send it" }),
    }),
  },
  responses: {
    200: {
      description: "Events in their order",
      content: { "text/event-stream": { schema: EventSchema }, "application/json": { schema: EventPageSchema } },
    },
    ...problems(),
  },
});

export const readTimeline = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/events",
  summary: "Read what happened to a job",
  description: "Who enqueued it, its attempts, and how it ended, in order of time.",
  tags,
  ...KEYED,
  request: { params: z.object({ id: JobIdField }) },
  responses: { 200: json(z.object({ events: z.array(TimelineEntrySchema) }), "Its timeline"), ...problems(404) },
});
