import type { z } from "@hono/zod-openapi";
import { isMillraceError } from "../../core/errors.ts";
import { createJobIds } from "../../core/job-id.ts";
import {
  getArtifact,
  putArtifact,
  type ArtifactBytes,
  type ArtifactDownload,
  type GetArtifactOptions,
  type PutArtifactOptions,
  type WireArtifact,
} from "./artifact-calls.ts";
import type { listArtifacts } from "./artifacts.ts";
import type { EnqueueBody, explainJob, JobBody, JobFilterSchema, listAttempts, listJobs } from "./jobs.ts";
import type { followEvents, readTimeline } from "./events.ts";
import { followStream } from "./follow-stream.ts";
import type { readLogs } from "./logs.ts";
import type { createKey, listKeys, revokeKey } from "./keys.ts";
import type { readMe } from "./me.ts";
import type { configureQueue, listQueues, listWorkers, pauseQueue, QueueSettingsBody, readStats } from "./queues.ts";
import type { Answer, Body } from "./route-types.ts";
import type { getSchedule, listSchedules, putSchedule } from "./schedules.ts";
import type { createWebhook, listWebhooks } from "./webhooks.ts";
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
export type {
  ArtifactBytes,
  ArtifactDownload,
  GetArtifactOptions,
  PutArtifactOptions,
  WireArtifact,
} from "./artifact-calls.ts";
export type { CallOptions, ClientOptions } from "./transport.ts";

/** A job on the wire: as the library's `Job`, with times as ISO 8601 text. */
export type WireJob = JobBody;
/** A job as it is asked for: its kind, its payload and options. */
export type NewJob = EnqueueBody;
export type NewJobOptions = Omit<NewJob, "kind" | "payload">;
export type WireMe = Answer<typeof readMe>;
export type WireEvent = Answer<typeof followEvents>["events"][number];
export type WireAttempt = Answer<typeof listAttempts>["attempts"][number];
export type JobFilter = z.infer<typeof JobFilterSchema>;
export type WirePage = Answer<typeof listJobs>;
export type WireExplanation = Answer<typeof explainJob>;
export type WireTimeline = Answer<typeof readTimeline>["events"];
export type WireLogPage = Answer<typeof readLogs>;
export type WireLogLine = WireLogPage["lines"][number];
export type WireCounts = Answer<typeof readStats>;
export type WireQueue = Answer<typeof pauseQueue>;
export type WireWorker = Answer<typeof listWorkers>["workers"][number];
export type WireSchedule = Answer<typeof getSchedule>;
export type NewSchedule = Body<typeof putSchedule>;
export type WireKey = Answer<typeof revokeKey>;
export type NewKey = Body<typeof createKey>;
/** Another organisation than that of the client's own key. */
export type KeyOptions = Pick<NewKey, "org">;
export type WireWebhook = Answer<typeof listWebhooks>["webhooks"][number];
export type NewWebhook = Body<typeof createWebhook>;

/**
 * The queue of a server, for browsers and Node. Calls are named as in the library, answer what is on the wire, and throw
 * the library's errors: branch on `error.code`. What only reads, and what is the same when it is done twice, is sent
 * again after an outage. So is an enqueue: it has an id from here, under which there is never more than one job.
 */
export class MillraceClient {
  readonly #transport: Transport;
  readonly #newId = createJobIds(Date.now, Math.random);

  /** @throws OptionsError */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

  /** Add a job. Resolves when it is on disk, or with the live job that has the same `key`. */
  async enqueue(kind: string, payload?: unknown, options: NewJobOptions = {}, call?: CallOptions): Promise<WireJob> {
    return this.#again("POST", "/v1/jobs", { id: this.#newId(), ...options, kind, payload }, call);
  }

  /** Add jobs: all of them or none. Answers them in order. */
  async enqueueMany(jobs: readonly NewJob[], call?: CallOptions): Promise<readonly WireJob[]> {
    const named = jobs.map((job) => ({ id: this.#newId(), ...job }));
    const answer = this.#again<{ readonly jobs: readonly WireJob[] }>("POST", "/v1/jobs/batch", { jobs: named }, call);
    return (await answer).jobs;
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

  /**
   * Lines of the job's log as they come, until it has ended; across cuts of the connection, each once. Ends with the
   * signal.
   */
  async *followLogs(
    id: string,
    { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<WireLogLine> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/logs`;
    const from = { path, query: { follow: true, after }, after: null, signal };
    for await (const { event, data } of followStream(this.#transport, from)) {
      if (event === "end") return;
      if (data !== null) yield JSON.parse(data) as WireLogLine;
    }
  }

  /** What is known of the job's artifacts, by name. */
  async artifacts(id: string, call?: CallOptions): Promise<readonly WireArtifact[]> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/artifacts`;
    return (await this.#get<Answer<typeof listArtifacts>>(path, {}, call)).artifacts;
  }

  /** Send an artifact of the job, in place of one with the same name. It is sent once: a stream cannot be read again. */
  async putArtifact(
    id: string,
    name: string,
    bytes: ArtifactBytes,
    options: PutArtifactOptions = {},
  ): Promise<WireArtifact> {
    return putArtifact({ transport: this.#transport }, id, name, bytes, options);
  }

  /** An artifact of the job, or a range of it. @throws NotFoundError `artifact_not_found` */
  async getArtifact(id: string, name: string, options: GetArtifactOptions = {}): Promise<ArtifactDownload> {
    return getArtifact({ transport: this.#transport }, id, name, options);
  }

  /** Attempts that did not end the job, the oldest first. */
  async attempts(id: string, call?: CallOptions): Promise<readonly WireAttempt[]> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/attempts`;
    return (await this.#get<Answer<typeof listAttempts>>(path, {}, call)).attempts;
  }

  /**
   * What happens to the organisation's jobs, from now on or from behind a cursor: across cuts of the connection, each
   * once. Ends with the signal, or when the loop over it does.
   */
  async *events({
    after,
    signal,
  }: { readonly after?: string; readonly signal?: AbortSignal } = {}): AsyncGenerator<WireEvent> {
    const from = { path: "/v1/events", after: after ?? null, signal };
    for await (const { data } of followStream(this.#transport, from)) {
      if (data !== null) yield JSON.parse(data) as WireEvent;
    }
  }

  /** Whose key this is. */
  async me(call?: CallOptions): Promise<WireMe> {
    return this.#get("/v1/me", {}, call);
  }

  /** Cancel: a job that waits at once; one that runs is told to stop. Cancelling twice is fine. */
  async cancel(id: string, options: { readonly reason?: string } = {}, call?: CallOptions): Promise<WireJob> {
    return this.#again("POST", `/v1/jobs/${encodeURIComponent(id)}/cancel`, options, call);
  }

  /** Make a new job like one that has ended, linked by `retryOf`. */
  async retry(
    id: string,
    { secrets, ...call }: CallOptions & { readonly secrets?: NewJob["secrets"] } = {},
  ): Promise<WireJob> {
    const body = { id: this.#newId(), ...(secrets === undefined ? {} : { secrets }) };
    return this.#again("POST", `/v1/jobs/${encodeURIComponent(id)}/retry`, body, call);
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
    await this.#once<undefined>("DELETE", `/v1/schedules/${encodeURIComponent(name)}`, undefined, call);
  }

  /** Keys of the organisation, newest first; the revoked ones too. `MILLRACE_API_KEY` may name another organisation. */
  async keys(options: KeyOptions = {}, call?: CallOptions): Promise<readonly WireKey[]> {
    return (await this.#get<Answer<typeof listKeys>>("/v1/keys", { ...options }, call)).keys;
  }

  /** Make a key. The answer holds it, and nothing else ever does. */
  async createKey(key: NewKey, call?: CallOptions): Promise<Answer<typeof createKey, 201>> {
    return this.#once("POST", "/v1/keys", key, call);
  }

  /** From then on the key opens nothing. Revoking it twice is fine. */
  async revokeKey(id: string, options: KeyOptions = {}, call?: CallOptions): Promise<WireKey> {
    const path = `/v1/keys/${encodeURIComponent(id)}`;
    return this.#transport.send({ method: "DELETE", path, query: { ...options }, isRepeatable: true }, call);
  }

  async webhooks(call?: CallOptions): Promise<readonly WireWebhook[]> {
    return (await this.#get<Answer<typeof listWebhooks>>("/v1/webhooks", {}, call)).webhooks;
  }

  /** Have a URL told what happens from now on. The answer holds the secret that verifies it, and nothing else ever does. */
  async createWebhook(webhook: NewWebhook, call?: CallOptions): Promise<Answer<typeof createWebhook, 201>> {
    return this.#once("POST", "/v1/webhooks", webhook, call);
  }

  async removeWebhook(id: string, call?: CallOptions): Promise<void> {
    await this.#once<undefined>("DELETE", `/v1/webhooks/${encodeURIComponent(id)}`, undefined, call);
  }

  async #get<T>(path: string, query: Readonly<Record<string, unknown>>, call?: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method: "GET", path, query, isRepeatable: true }, call);
  }

  async #once<T>(method: "POST" | "DELETE", path: string, body: unknown, call?: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method, path, body, isRepeatable: false }, call);
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
