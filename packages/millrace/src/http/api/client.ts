import type { z } from "@hono/zod-openapi";
import { isMillraceError } from "../../core/errors.ts";
import type { EnqueueBody, explainJob, JobBody, JobFilterSchema, listJobs } from "./jobs.ts";
import type { readTimeline } from "./events.ts";
import type { readLogs } from "./logs.ts";
import type { configureQueue, listQueues, listWorkers, pauseQueue, QueueSettingsBody, readStats } from "./queues.ts";
import type { getSchedule, listSchedules, putSchedule } from "./schedules.ts";
import { Transport, type CallOptions, type ClientOptions } from "./transport.ts";

// Schemas are imported as types alone: a program for browsers that is bundled with this holds none of them.
export {
  AccessError,
  ConflictError,
  InputError,
  InvariantError,
  isMillraceError,
  LeaseLostError,
  MillraceError,
  NotFoundError,
  OptionsError,
  ShutdownError,
  StoreError,
  WaitTimeoutError,
} from "../../core/errors.ts";
export type { CallOptions, ClientOptions } from "./transport.ts";

/** What a route answers as JSON. */
type Answer<Route, Status extends number = 200> = Route extends {
  readonly responses: {
    readonly [S in Status]: { readonly content: { readonly "application/json": { readonly schema: infer Schema } } };
  };
}
  ? z.infer<Schema & z.ZodType>
  : never;

/** What a route takes as JSON. */
type Body<Route> = Route extends {
  readonly request: {
    readonly body: { readonly content: { readonly "application/json": { readonly schema: infer Schema } } };
  };
}
  ? z.infer<Schema & z.ZodType>
  : never;

/** A job on the wire: as the library's `Job`, with times as ISO 8601 text. */
export type WireJob = JobBody;
/** A job as it is asked for: its kind, its payload and options. */
export type NewJob = EnqueueBody;
export type NewJobOptions = Omit<NewJob, "kind" | "payload">;
export type JobFilter = z.infer<typeof JobFilterSchema>;
export type WirePage = Answer<typeof listJobs>;
export type WireExplanation = Answer<typeof explainJob>;
export type WireTimeline = Answer<typeof readTimeline>["events"];
export type WireLogPage = Answer<typeof readLogs>;
export type WireCounts = Answer<typeof readStats>;
export type WireQueue = Answer<typeof pauseQueue>;
export type WireWorker = Answer<typeof listWorkers>["workers"][number];
export type WireSchedule = Answer<typeof getSchedule>;
export type NewSchedule = Body<typeof putSchedule>;

/**
 * The queue of a server, for browsers and Node. Calls are named as in the library, answer what is on the wire, and throw
 * the library's errors: branch on `error.code`. What only reads, and what is the same when it is done twice, is sent
 * again after an outage; an enqueue only when the server has said that it did nothing, for a job may run twice otherwise.
 */
export class MillraceClient {
  readonly #transport: Transport;

  /** @throws OptionsError */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

  /** Add a job. Resolves when it is on disk, or with the live job that has the same `key`. */
  async enqueue(kind: string, payload?: unknown, options: NewJobOptions = {}, call?: CallOptions): Promise<WireJob> {
    return this.#post("/v1/jobs", { ...options, kind, payload }, call);
  }

  /** Add jobs: all of them or none. Answers them in order. */
  async enqueueMany(jobs: readonly NewJob[], call?: CallOptions): Promise<readonly WireJob[]> {
    return (await this.#post<{ readonly jobs: readonly WireJob[] }>("/v1/jobs/batch", { jobs }, call)).jobs;
  }

  /** The job, or `null` when there is none. */
  async get(id: string, call?: CallOptions): Promise<WireJob | null> {
    return orNull(this.#get<WireJob>(`/v1/jobs/${encodeURIComponent(id)}`, {}, call));
  }

  /** The job with this number, or `null`. */
  async find(place: { readonly scope: string; readonly number: number }, call?: CallOptions): Promise<WireJob | null> {
    return orNull(this.#get<WireJob>(`/v1/scopes/${encodeURIComponent(place.scope)}/jobs/${place.number}`, {}, call));
  }

  /** Jobs, newest first. @param page `limit` 1 to 1000, 50 unless given; `cursor` from the page before */
  async list(
    filter: JobFilter = {},
    page: { readonly limit?: number; readonly cursor?: string | null } = {},
    call?: CallOptions,
  ): Promise<WirePage> {
    return this.#get("/v1/jobs", { ...filter, ...page }, call);
  }

  /** How many jobs are in each state. */
  async counts(filter: JobFilter = {}, call?: CallOptions): Promise<WireCounts> {
    return this.#get("/v1/stats", filter, call);
  }

  /** Why the job is where it is. */
  async explain(id: string, call?: CallOptions): Promise<WireExplanation> {
    return this.#get(`/v1/jobs/${encodeURIComponent(id)}/explain`, {}, call);
  }

  /** What happened to the job, when, and who did it. */
  async timeline(id: string, call?: CallOptions): Promise<WireTimeline> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/events`;
    return (await this.#get<Answer<typeof readTimeline>>(path, {}, call)).events;
  }

  /** Lines of the job's log; hand `next` back as `after` to read on. */
  async logs(
    id: string,
    page: { readonly after?: number; readonly limit?: number } = {},
    call?: CallOptions,
  ): Promise<WireLogPage> {
    return this.#get(`/v1/jobs/${encodeURIComponent(id)}/logs`, page, call);
  }

  /** Cancel: a job that waits at once; one that runs is told to stop. Cancelling twice is fine. */
  async cancel(id: string, options: { readonly reason?: string } = {}, call?: CallOptions): Promise<WireJob> {
    return this.#again("POST", `/v1/jobs/${encodeURIComponent(id)}/cancel`, options, call);
  }

  /** Make a new job like one that has ended, linked by `retryOf`. */
  async retry(id: string, call?: CallOptions): Promise<WireJob> {
    return this.#post(`/v1/jobs/${encodeURIComponent(id)}/retry`, undefined, call);
  }

  async queues(call?: CallOptions): Promise<readonly WireQueue[]> {
    return (await this.#get<Answer<typeof listQueues>>("/v1/queues", {}, call)).queues;
  }

  /** Stop claims from a queue; what runs goes on. */
  async pauseQueue(name: string, call?: CallOptions): Promise<WireQueue> {
    return this.#again("POST", `/v1/queues/${encodeURIComponent(name)}/pause`, undefined, call);
  }

  async resumeQueue(name: string, call?: CallOptions): Promise<WireQueue> {
    return this.#again("POST", `/v1/queues/${encodeURIComponent(name)}/resume`, undefined, call);
  }

  /** Set what is given and leave the rest. */
  async configureQueue(
    name: string,
    settings: QueueSettingsBody,
    call?: CallOptions,
  ): Promise<Answer<typeof configureQueue>> {
    return this.#again("PATCH", `/v1/queues/${encodeURIComponent(name)}`, settings, call);
  }

  /** Workers that were heard of not long ago. */
  async workers(call?: CallOptions): Promise<readonly WireWorker[]> {
    return (await this.#get<Answer<typeof listWorkers>>("/v1/workers", {}, call)).workers;
  }

  async schedules(call?: CallOptions): Promise<readonly WireSchedule[]> {
    return (await this.#get<Answer<typeof listSchedules>>("/v1/schedules", {}, call)).schedules;
  }

  /** Enqueue by a cron rule. The same name again replaces the rule. */
  async schedule(name: string, rule: NewSchedule, call?: CallOptions): Promise<WireSchedule> {
    return this.#again("PUT", `/v1/schedules/${encodeURIComponent(name)}`, rule, call);
  }

  async unschedule(name: string, call?: CallOptions): Promise<void> {
    const path = `/v1/schedules/${encodeURIComponent(name)}`;
    await this.#transport.send<undefined>({ method: "DELETE", path, isRepeatable: false }, call);
  }

  async #get<T>(path: string, query: Readonly<Record<string, unknown>>, call?: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method: "GET", path, query, isRepeatable: true }, call);
  }

  async #post<T>(path: string, body: unknown, call?: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method: "POST", path, body, isRepeatable: false }, call);
  }

  async #again<T>(method: "POST" | "PUT" | "PATCH", path: string, body: unknown, call?: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method, path, body, isRepeatable: true }, call);
  }
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMillraceError(error) && error.code === "job_not_found") return null;
    throw error;
  }
}
