import { createRoute, z } from "@hono/zod-openapi";
import { MAX_TIMER_MS } from "../../core/options.ts";
import { json, jsonBody, KEYED, problems } from "./answers.ts";
import { count, Instant, JobIdField, Json, PlainName, SecretsField, SentAgo, Token } from "./fields.ts";
import { EnqueuedSchema, JobSchema, NewJobs } from "./jobs.ts";

/** The longest that a claim waits. */
const LONGEST_WAIT_MS = 30_000;
const BATCH_LIMIT = 1_000;
const MOST_SLOTS = 10_000;

/** A dot or two would be eaten by whoever reads the path. */
const WORKER_ID = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/;

const WorkerId = z
  .string()
  .regex(WORKER_ID, "must be 1 to 100 of A-Z a-z 0-9 _ . - and not only a dot or two")
  .openapi({ description: "1 to 100 of `A-Z a-z 0-9 _ . -`", example: "press-1" });

const NextKey = z
  .string()
  .optional()
  .openapi({ description: "Use it from now on: the present key has less than 30 s to live" });

const Lease = z.strictObject({ job: JobIdField, token: Token });

const Progress = z.strictObject({
  percent: z.number().min(0).max(100),
  message: z.string().max(1_000).nullable().optional(),
});

const Outcome = z
  .discriminatedUnion("outcome", [
    Lease.extend({ outcome: z.literal("complete"), result: Json.optional() }),
    Lease.extend({
      outcome: z.literal("fail"),
      error: z.union([z.string(), z.strictObject({ name: z.string().optional(), message: z.string() })]).optional(),
      permanent: z.boolean().optional().openapi({ description: "No further attempt, whatever `maxAttempts` says" }),
      delayMs: z
        .number()
        .min(0)
        .max(MAX_TIMER_MS)
        .optional()
        .openapi({ description: "Before the next attempt; the backoff of the job or its queue unless given" }),
    }),
    Lease.extend({ outcome: z.literal("snooze"), delayMs: z.number().min(0).max(MAX_TIMER_MS) }),
    Lease.extend({ outcome: z.literal("release") }),
    Lease.extend({ outcome: z.literal("cancel"), reason: z.string().max(1_000).optional() }),
  ])
  .openapi("Outcome");

/** What a worker says of the end of an attempt. */
export type OutcomeBody = z.infer<typeof Outcome>;

const LogEntry = z.strictObject({
  job: JobIdField,
  token: Token,
  stream: z.enum(["log", "stdout", "stderr"]).optional().openapi({ description: "`log` unless given" }),
  text: z.string().openapi({ description: "A line, or several with line feeds between them" }),
  at: Instant.optional().openapi({ description: "For programs that send it; the store's own clock dates the line" }),
});

const LeaseMs = z
  .int()
  .min(30)
  .max(MAX_TIMER_MS)
  .optional()
  .openapi({ description: "How long a lease lasts without a heartbeat, in milliseconds; 30 s unless given" });

/** What the queue says where the job says nothing, for workers that have limits of their own between the two. */
const QueueLimits = z.object({ timeoutMs: z.number().nullable(), backoff: Json });

const ClaimId = z
  .string()
  .regex(/^[\w-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -")
  .openapi({
    description:
      "New for each claim. After a lost answer, the claim is sent again under the same id, and has the jobs that it had",
  });

const Queues = z.union([
  z.array(PlainName).min(1).max(100),
  z.record(PlainName, z.number().gt(0).max(1_000_000)).refine((weights) => Object.keys(weights).length > 0),
]);

const IdParams = z.object({ id: WorkerId });
const tags = ["Workers"];

const ClaimedJob = JobSchema.extend({
  lease: z.object({ token: Token, expiresAt: Instant }),
  ownTimeoutMs: z.number().nullable().openapi({ description: "The job's own time limit alone" }),
  queueLimits: QueueLimits,
  secrets: SecretsField.optional().openapi({
    description:
      "What was given with the job as `secrets`; here and nowhere else. Values are taken out of what is sent back",
  }),
  traceparent: z.string().optional().openapi({
    description: "The trace in which it was enqueued (W3C Trace Context), where the server records traces",
  }),
});

export const registerWorker = createRoute({
  method: "post",
  path: "/v1/workers",
  summary: "Register a worker, and get its key",
  description:
    "Registering the same id again brings up the same worker with a new key; it keeps what it holds. The key lives 90 s, and every reply to the worker in its last 30 s brings the next one. A worker that was not heard of for 90 s is gone: it gets `worker_not_found`, and registers again.",
  tags,
  ...KEYED,
  request: {
    body: jsonBody(
      z.strictObject({
        id: WorkerId.optional().openapi({ description: "One is made when it is left out" }),
        name: PlainName.optional().openapi({ description: "For people; its id unless given" }),
        host: z.string().max(255).nullable().optional().openapi({ description: "Where it runs, for people" }),
        pid: z.int().min(0).nullable().optional().openapi({ description: "Its process there, for people" }),
        labels: z
          .array(z.string().min(1).max(200))
          .max(100)
          .optional()
          .openapi({ example: ["gpu", "threads=8"] }),
        slots: z
          .int()
          .min(1)
          .max(MOST_SLOTS)
          .optional()
          .openapi({ description: "The most jobs that it holds at once, however it claims; 1 unless given" }),
        queues: z
          .array(PlainName)
          .min(1)
          .max(100)
          .nullable()
          .optional()
          .openapi({ description: "In strict order; every queue in turn when it is left out" }),
      }),
    ),
  },
  responses: {
    201: json(z.object({ worker: WorkerId, key: z.string(), expiresAt: Instant }), "It may claim with this key"),
    ...problems(409, 413, 415),
  },
});

export const claimJobs = createRoute({
  method: "post",
  path: "/v1/workers/{id}/claim",
  summary: "Claim jobs, and wait for them if there are none",
  description:
    "Several claims at once get no more jobs together than the worker has free slots; while it has none, a claim waits for one. Every job comes with a lease of 30 s: prolong it by heartbeats, and settle it under its token. `timeoutMs` is what holds for the job, be it its own or its queue's; the worker sees to it. A kind that the worker does not know is best snoozed.",
  tags,
  ...KEYED,
  request: {
    params: IdParams,
    body: jsonBody(
      z.strictObject({
        max: z
          .int()
          .min(1)
          .max(BATCH_LIMIT)
          .optional()
          .openapi({ description: "Never more than its slots have room for; 1 unless given" }),
        waitMs: z.int().min(0).max(LONGEST_WAIT_MS).optional().openapi({ description: "0 unless given" }),
        id: ClaimId.optional(),
        leaseMs: LeaseMs,
        queues: Queues.optional().openapi({
          description: "Instead of those it registered with: a list in strict order, or names with weights",
        }),
      }),
    ),
  },
  responses: {
    200: json(
      z.object({
        jobs: z.array(ClaimedJob),
        key: NextKey,
      }),
      "The jobs; none when nothing came in time",
    ),
    ...problems(404, 413, 415),
  },
});

export const endClaims = createRoute({
  method: "delete",
  path: "/v1/workers/{id}/claim",
  summary: "End the worker's claims that wait",
  description:
    "They are answered at once, with what they have or with none. A claim whose client just goes away may have found jobs at that very moment, which then wait for their leases to run out.",
  tags,
  ...KEYED,
  request: { params: IdParams },
  responses: {
    200: json(
      z.object({ ended: z.int().openapi({ description: "How many waited" }), key: NextKey }),
      "They wait no more",
    ),
    ...problems(),
  },
});

export const readCancels = createRoute({
  method: "get",
  path: "/v1/workers/{id}/cancels",
  summary: "Wait for jobs of the worker that somebody cancels",
  description:
    "Answers as soon as there are any, so that they are heard of before the next heartbeat; those that were told of before are told of again, until they are settled.",
  tags,
  ...KEYED,
  request: {
    params: IdParams,
    query: z.object({ waitMs: count(0, LONGEST_WAIT_MS).optional().openapi({ description: "0 unless given" }) }),
  },
  responses: {
    200: json(
      z.object({ cancels: z.array(Lease.extend({ reason: z.string().nullable() })), key: NextKey }),
      "The jobs to be cancelled; none when the time is over",
    ),
    ...problems(404),
  },
});

export const enqueueUnderLease = createRoute({
  method: "post",
  path: "/v1/workers/{id}/jobs",
  summary: "Enqueue jobs from within a job",
  description:
    "All or none, and only while the lease is good: a worker that has lost its job cannot add to the work of whoever has it now.",
  tags,
  ...KEYED,
  request: { params: IdParams, headers: SentAgo, body: jsonBody(z.strictObject({ under: Lease, jobs: NewJobs })) },
  responses: {
    201: json(EnqueuedSchema.extend({ key: NextKey }), "All are on disk; in order"),
    ...problems(409, 413, 415, 422),
  },
});

export const sendHeartbeat = createRoute({
  method: "post",
  path: "/v1/workers/{id}/heartbeat",
  summary: "Prolong leases, and report progress",
  description:
    "Send it every 10 s. `lost`: the lease is gone, and whatever is written under its token is refused; stop. `cancel`: somebody cancelled the job; stop and settle, whichever way, and it ends as cancelled at once instead of after its grace. `locked`: not prolonged this time, for another call about the job was under way, and not lost; the next one will.",
  tags,
  ...KEYED,
  request: {
    params: IdParams,
    body: jsonBody(
      z.strictObject({
        leases: z.array(Lease.extend({ progress: Progress.optional() })).max(BATCH_LIMIT),
        leaseMs: LeaseMs,
      }),
    ),
  },
  responses: {
    200: json(
      z.object({
        leases: z.array(z.object({ job: JobIdField, status: z.enum(["held", "lost", "cancel", "locked"]) })),
        key: NextKey,
      }),
      "In the order in which they were asked for",
    ),
    ...problems(404, 413, 415),
  },
});

export const settleJobs = createRoute({
  method: "post",
  path: "/v1/workers/{id}/settle",
  summary: "Say how attempts ended",
  description:
    "`settled`: what was said is what is written; saying it again after a lost reply is answered so again. `lease_lost`: nothing of it was written, since the lease had run out, or a cancel had been accepted before, and then the job has ended as cancelled.",
  tags,
  ...KEYED,
  request: { params: IdParams, body: jsonBody(z.strictObject({ outcomes: z.array(Outcome).max(BATCH_LIMIT) })) },
  responses: {
    200: json(
      z.object({
        statuses: z.array(z.enum(["settled", "lease_lost"])),
        cancelled: z
          .array(JobIdField)
          .optional()
          .openapi({ description: "Of those that are `lease_lost`, the jobs that have ended by an accepted cancel" }),
        key: NextKey,
      }),
      "In order",
    ),
    ...problems(413, 415),
  },
});

export const sendLogs = createRoute({
  method: "post",
  path: "/v1/workers/{id}/logs",
  summary: "Add lines to the logs of jobs",
  tags,
  ...KEYED,
  request: { params: IdParams, body: jsonBody(z.strictObject({ entries: z.array(LogEntry).max(BATCH_LIMIT) })) },
  responses: {
    200: json(z.object({ statuses: z.array(z.enum(["kept", "lease_lost"])), key: NextKey }), "In order"),
    ...problems(413, 415),
  },
});

export const unregisterWorker = createRoute({
  method: "delete",
  path: "/v1/workers/{id}",
  summary: "Unregister the worker; what it holds is given back at once",
  tags,
  ...KEYED,
  request: { params: IdParams },
  responses: {
    200: json(z.object({ released: z.int().openapi({ description: "How many jobs were given back" }) }), "It is gone"),
    ...problems(),
  },
});
