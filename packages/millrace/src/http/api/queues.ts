import { createRoute, z } from "@hono/zod-openapi";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { Instant, Json, Name } from "./fields.ts";
import { EnqueueSchema, JobFilterSchema } from "./jobs.ts";

const Milliseconds = z.number().min(0);
const KeptFor = Milliseconds.nullable().openapi({ description: "Milliseconds; `null` for ever" });
const TimeLimit = z
  .number()
  .min(1)
  .nullable()
  .openapi({ description: "Of an attempt, in milliseconds; `null` for none" });

const QueueSchema = z
  .object({
    name: Name,
    isPaused: z.boolean(),
    settings: z.object({
      numbered: z.boolean(),
      maxAttempts: z.int(),
      timeoutMs: TimeLimit,
      backoff: Json,
      cancelGraceMs: Milliseconds,
      retention: z.object({ completedMs: KeptFor, failedMs: KeptFor, cancelledMs: KeptFor }),
    }),
    counts: z.object({ blocked: z.int(), scheduled: z.int(), queued: z.int(), running: z.int() }),
    oldestReadyAt: Instant.nullable(),
  })
  .openapi("Queue");

/** What is left out stays as it is. */
const QueueSettingsSchema = z
  .strictObject({
    numbered: z.boolean().optional(),
    maxAttempts: z.int().min(1).optional(),
    timeoutMs: TimeLimit.optional(),
    backoff: EnqueueSchema.shape.backoff,
    cancelGraceMs: Milliseconds.optional(),
    retention: z
      .strictObject({ completedMs: KeptFor.optional(), failedMs: KeptFor.optional(), cancelledMs: KeptFor.optional() })
      .optional(),
  })
  .openapi("QueueSettings");

export type QueueSettingsBody = z.infer<typeof QueueSettingsSchema>;

const CountsSchema = z
  .object({
    blocked: z.int(),
    scheduled: z.int(),
    queued: z.int(),
    running: z.int(),
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
  })
  .openapi("Counts");

const WorkerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    host: z.string().nullable(),
    pid: z.int().nullable(),
    queues: z.array(Name).nullable().openapi({ description: "`null` when it serves all" }),
    labels: z.array(z.string()),
    concurrency: z.int(),
    running: z.int(),
    startedAt: Instant,
    seenAt: Instant,
  })
  .openapi("WorkerInfo");

const NameParams = z.object({ name: Name });
const tags = ["Queues"];

export const listQueues = createRoute({
  method: "get",
  path: "/v1/queues",
  summary: "List the queues, and what waits in them",
  tags,
  ...KEYED,
  responses: { 200: json(z.object({ queues: z.array(QueueSchema) }), "By name"), ...problems() },
});

export const pauseQueue = createRoute({
  method: "post",
  path: "/v1/queues/{name}/pause",
  summary: "Stop claims from a queue",
  description: "What runs goes on, and jobs can still be enqueued. A queue that is not there yet begins paused.",
  tags,
  ...KEYED,
  request: { params: NameParams },
  responses: { 200: json(QueueSchema, "The queue, paused"), ...problems() },
});

export const resumeQueue = createRoute({
  method: "post",
  path: "/v1/queues/{name}/resume",
  summary: "Let workers claim from a queue again",
  tags,
  ...KEYED,
  request: { params: NameParams },
  responses: { 200: json(QueueSchema, "The queue, open"), ...problems() },
});

export const configureQueue = createRoute({
  method: "patch",
  path: "/v1/queues/{name}",
  summary: "Set what holds for the jobs of a queue",
  description: "Sets what is given and leaves the rest. Holds for jobs that are enqueued from now on.",
  tags,
  ...KEYED,
  request: { params: NameParams, body: jsonBody(QueueSettingsSchema) },
  responses: { 200: json(QueueSchema, "The queue as it stands now"), ...problems(413, 415) },
});

export const readStats = createRoute({
  method: "get",
  path: "/v1/stats",
  summary: "Count jobs by state",
  description: "A member's own, for a member.",
  tags,
  ...KEYED,
  request: { query: JobFilterSchema },
  responses: { 200: json(CountsSchema, "How many jobs are in each state"), ...problems() },
});

export const listWorkers = createRoute({
  method: "get",
  path: "/v1/workers",
  summary: "List the workers that were heard of not long ago",
  tags: ["Workers"],
  ...KEYED,
  responses: { 200: json(z.object({ workers: z.array(WorkerSchema) }), "The longest here first"), ...problems() },
});
