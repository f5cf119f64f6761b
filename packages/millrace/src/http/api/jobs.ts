import { createRoute, z } from "@hono/zod-openapi";
import { JOB_STATES } from "../../core/states.ts";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { count, Cursor, Instant, JobIdField, Json, Name, NewJobId, SecretsField, SentAgo } from "./fields.ts";

const State = z.enum(JOB_STATES);

const ErrorOfJob = z.object({ name: z.string(), message: z.string(), permanent: z.boolean(), attempt: z.int() });

const Backoff = z
  .union([
    z.strictObject({ type: z.literal("fixed"), delayMs: z.number().min(0) }),
    z.strictObject({
      type: z.literal("exponential"),
      delayMs: z.number().min(0),
      factor: z.number().min(1).max(100).optional(),
      maxMs: z.number().min(0).optional(),
      jitter: z.number().min(0).max(1).optional(),
    }),
  ])
  .openapi("Backoff");

/** A job and where it stands. */
export const JobSchema = z
  .object({
    id: JobIdField,
    number: z.int().nullable(),
    scope: Name,
    queue: Name,
    kind: Name,
    payload: Json,
    state: State,
    priority: z.int(),
    attempt: z.int(),
    maxAttempts: z.int(),
    timeoutMs: z.number().nullable(),
    backoff: Json,
    runAt: Instant,
    createdAt: Instant,
    startedAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
    result: Json,
    error: ErrorOfJob.nullable(),
    progress: z.object({ percent: z.number(), message: z.string().nullable() }).nullable(),
    org: Name,
    createdBy: z.string().nullable(),
    group: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    requires: z.array(z.string()),
    fairKey: z.string().nullable(),
    key: z.string().nullable(),
    retryOf: z.string().nullable(),
    worker: z.string().nullable(),
    cancelRequestedAt: Instant.nullable(),
    cancelledBy: z.string().nullable(),
    cancelledAt: Instant.nullable(),
    cancelReason: z.string().nullable(),
  })
  .openapi("Job");

export type JobBody = z.infer<typeof JobSchema>;

/** A job as it is asked for: its kind, its payload and the options of an enqueue. */
export const EnqueueSchema = z
  .strictObject({
    id: NewJobId.optional(),
    kind: Name,
    payload: Json.optional(),
    queue: Name.optional(),
    priority: z.union([z.int(), z.enum(["high", "medium", "low"])]).optional(),
    delayMs: z.number().min(0).optional(),
    runAt: Instant.optional(),
    key: z.string().min(1).max(255).optional(),
    scope: Name.optional(),
    numbered: z.boolean().optional(),
    group: Name.optional(),
    tags: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
    requires: z.array(z.string()).max(32).optional(),
    fairKey: Name.optional(),
    maxAttempts: z.int().min(1).optional(),
    backoff: Backoff.optional(),
    timeoutMs: z.number().min(1).optional(),
    secrets: SecretsField.optional().openapi({
      description:
        "Up to 100 names of `A-Z 0-9 _` with values of up to 64 KiB, 1 MiB in all, for the attempts of this job alone: encrypted, in no answer, log or event, and gone when it ends",
      example: { API_TOKEN: "t0ken" },
    }),
  })
  .openapi("Enqueue");

export type EnqueueBody = z.infer<typeof EnqueueSchema>;

const BATCH_LIMIT = 1_000;
const IdParams = z.object({ id: JobIdField });

/** What became of each of several jobs, in order. */
export const EnqueuedSchema = z.object({
  jobs: z.array(JobSchema),
  statuses: z
    .array(z.enum(["created", "existing"]))
    .openapi({ description: "`existing`: it was there, by its key or its id" }),
});

/** Up to so many, all or none. */
export const NewJobs = z.array(EnqueueSchema).max(BATCH_LIMIT);

const JobPageSchema = z.object({ jobs: z.array(JobSchema), nextCursor: z.string().nullable() }).openapi("JobPage");

export const JobFilterSchema = z.object({
  state: z.union([State, z.array(State)]).optional(),
  queue: Name.optional(),
  kind: Name.optional(),
  scope: Name.optional(),
  group: Name.optional(),
  tag: Name.optional().openapi({ description: "`name` or `name=value`" }),
  createdBy: Name.optional(),
  worker: Name.optional(),
  q: z.string().max(200).optional().openapi({ description: "Part of an id, a kind, a key or a group" }),
});

/** What the sentences are made of. */
const FactsSchema = z
  .object({
    isQueuePaused: z.boolean(),
    aheadCount: z
      .int()
      .nullable()
      .openapi({ description: "Jobs before it in its lane, counted up to 10,000; `null` unless queued" }),
    attemptStartedAt: Instant.nullable().openapi({ description: "Start of the running or last attempt" }),
    leaseUntil: Instant.nullable().openapi({ description: "When the lease of the running attempt ends" }),
    warnedAt: Instant.nullable().openapi({ description: "Since when whoever holds it by hand is warned" }),
    workers: z
      .array(
        z.object({
          queues: z.array(Name).nullable(),
          labels: z.array(z.string()),
          concurrency: z.int(),
          running: z.int(),
        }),
      )
      .openapi({ description: "What live workers serve and can" }),
  })
  .openapi("Facts");

const AttemptSchema = z
  .object({
    attempt: z.int(),
    token: z.int(),
    worker: z.string(),
    startedAt: Instant,
    endedAt: Instant,
    ending: z.enum(["failed", "snoozed", "released", "lost"]),
    error: ErrorOfJob.nullable(),
  })
  .openapi("Attempt");

const tags = ["Jobs"];

export const enqueueJob = createRoute({
  method: "post",
  path: "/v1/jobs",
  summary: "Enqueue a job",
  tags,
  ...KEYED,
  request: { headers: SentAgo, body: jsonBody(EnqueueSchema) },
  responses: {
    201: json(JobSchema, "It is on disk"),
    200: json(JobSchema, "It was there: a live job with this key and payload, or the one that was sent under this id"),
    ...problems(409, 413, 415, 422),
  },
});

export const enqueueJobs = createRoute({
  method: "post",
  path: "/v1/jobs/batch",
  summary: "Enqueue many jobs, all or none",
  tags,
  ...KEYED,
  request: { headers: SentAgo, body: jsonBody(z.strictObject({ jobs: NewJobs })) },
  responses: {
    201: json(EnqueuedSchema, "All are on disk; in order"),
    ...problems(409, 413, 415, 422),
  },
});

export const listJobs = createRoute({
  method: "get",
  path: "/v1/jobs",
  summary: "List jobs, newest first",
  tags,
  ...KEYED,
  request: { query: JobFilterSchema.extend({ limit: count(1, 1_000).optional(), cursor: Cursor.optional() }) },
  responses: { 200: json(JobPageSchema, "A page"), ...problems() },
});

export const getJob = createRoute({
  method: "get",
  path: "/v1/jobs/{id}",
  summary: "Read a job",
  tags,
  ...KEYED,
  request: { params: IdParams },
  responses: { 200: json(JobSchema, "The job"), ...problems(404) },
});

export const findJob = createRoute({
  method: "get",
  path: "/v1/scopes/{scope}/jobs/{number}",
  summary: "Read the job with a number",
  tags,
  ...KEYED,
  request: { params: z.object({ scope: Name, number: count(1, Number.MAX_SAFE_INTEGER) }) },
  responses: { 200: json(JobSchema, "The job"), ...problems(404) },
});

export const cancelJob = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/cancel",
  summary: "Cancel a job",
  description:
    "A job that waits is cancelled at once. One that runs is told to stop, and ends as cancelled within the grace of its queue; the answer shows it running, with `cancelRequestedAt`. Cancelling twice is the same answer.",
  tags,
  ...KEYED,
  request: {
    params: IdParams,
    body: { content: { "application/json": { schema: z.strictObject({ reason: z.string().max(1_000).optional() }) } } },
  },
  responses: { 200: json(JobSchema, "Accepted"), ...problems(404, 409, 413, 415) },
});

export const retryJob = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/retry",
  summary: "Enqueue a new job like one that has ended",
  description: "Secrets are to be given again: those of the job before are gone.",
  tags,
  ...KEYED,
  request: {
    params: IdParams,
    headers: SentAgo,
    body: {
      content: {
        "application/json": { schema: z.strictObject({ id: NewJobId.optional(), secrets: SecretsField.optional() }) },
      },
    },
  },
  responses: {
    201: json(JobSchema, "The new job, with `retryOf`"),
    200: json(JobSchema, "The job that was made when this was sent before, under the same id"),
    ...problems(404, 409, 413, 415),
  },
});

export const explainJob = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/explain",
  summary: "Say why a job is where it is",
  tags,
  ...KEYED,
  request: { params: IdParams },
  responses: {
    200: json(
      z.object({ job: JobSchema, sentences: z.array(z.string()), facts: FactsSchema }),
      "Sentences, the weightiest first",
    ),
    ...problems(404),
  },
});

export const listAttempts = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/attempts",
  summary: "List the attempts that did not end the job",
  tags,
  ...KEYED,
  request: { params: IdParams },
  responses: { 200: json(z.object({ attempts: z.array(AttemptSchema) }), "The oldest first"), ...problems(404) },
});

export const readEnded = createRoute({
  method: "post",
  path: "/v1/jobs/ended",
  summary: "Say which of these jobs have ended",
  description: "For whoever waits for many. A job that the key may not see has not ended.",
  tags,
  ...KEYED,
  request: { body: jsonBody(z.strictObject({ ids: z.array(JobIdField).max(BATCH_LIMIT) })) },
  responses: { 200: json(z.object({ ended: z.array(z.boolean()) }), "In order"), ...problems(413, 415) },
});
