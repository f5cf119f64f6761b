import type { OpenAPIHono } from "@hono/zod-openapi";
import { explain } from "../../core/explain.ts";
import { isJobId } from "../../core/job.ts";
import type { JobSituation } from "../../core/store.ts";
import { refuseRetryOptions } from "../../runtime/enqueue-options.ts";
import { jobNotFound, requireEnded } from "../../runtime/job-refusals.ts";
import { addAll, addedBody, addOne, requestOf, sentBefore } from "../added-jobs.ts";
import { allowedJob } from "../allowed-job.ts";
import * as api from "../api/jobs.ts";
import { mayActOn, requireRight, rightTo } from "../policy.ts";
import type { Principal } from "../principal.ts";
import type { Env, Service } from "../service.ts";
import { given, jobBody } from "../wire.ts";

/** Jobs: enqueue, look, cancel, retry. */
export function jobRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { kernel } = service;
  const { store } = kernel;

  app.openapi(api.enqueueJob, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "enqueue");
    const enqueuer = service.enqueuerOf(principal);
    const asking = { createdBy: principal.name, headers: c.req.valid("header") };
    const request = await requestOf(enqueuer, c.req.valid("json"), asking);
    const { job, isNew } = await addOne(enqueuer, request);
    c.set("about", [job.id]);
    return isNew ? c.json(jobBody(job), 201) : c.json(jobBody(job), 200);
  });

  app.openapi(api.enqueueJobs, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "enqueue");
    const enqueuer = service.enqueuerOf(principal);
    const { jobs: bodies } = c.req.valid("json");
    const asking = { createdBy: principal.name, headers: c.req.valid("header") };
    const added = await addAll(kernel, enqueuer, { bodies, ...asking });
    const ids = added.map(({ job }) => job.id);
    c.set("about", ids);
    return c.json(addedBody(added), 201);
  });

  app.openapi(api.listJobs, async (c) => {
    const principal = c.get("principal");
    const { limit, cursor, ...filter } = c.req.valid("query");
    const own = rightTo(principal, "read") === "own" ? { createdBy: principal.name } : {};
    const page = await service.clientOf(principal).list({ ...given(filter), ...own }, given({ limit, cursor }));
    return c.json({ jobs: page.jobs.map(jobBody), nextCursor: page.nextCursor }, 200);
  });

  app.openapi(api.getJob, async (c) => {
    const job = await allowedJob(service, c.get("principal"), "read", c.req.valid("param").id);
    return c.json(jobBody(job), 200);
  });

  app.openapi(api.findJob, async (c) => {
    const principal = c.get("principal");
    const { scope, number } = c.req.valid("param");
    rightTo(principal, "read");
    const job = await service.clientOf(principal).find({ scope, number });
    return c.json(jobBody(requireRight(principal, "read", job, `${scope}#${number}`)), 200);
  });

  app.openapi(api.cancelJob, async (c) => {
    const principal = c.get("principal");
    const { id } = await allowedJob(service, principal, "cancel", c.req.valid("param").id);
    const { reason } = c.req.valid("json");
    const job = await service.clientOf(principal).cancel(id, { by: principal.name, ...given({ reason }) });
    return c.json(jobBody(job), 200);
  });

  app.openapi(api.retryJob, async (c) => {
    const principal = c.get("principal");
    const ended = await allowedJob(service, principal, "retry", c.req.valid("param").id);
    const { id = "", secrets } = c.req.valid("json");
    const options = { by: principal.name, ...given({ secrets }) };
    refuseRetryOptions(options);
    requireEnded(ended);
    const enqueuer = service.enqueuerOf(principal);
    const request = isJobId(id)
      ? sentBefore(enqueuer.retryOf(ended, options, id), c.req.valid("header"))
      : enqueuer.retryOf(ended, options);
    const { job, isNew } = await addOne(enqueuer, request);
    c.set("about", [job.id]);
    return isNew ? c.json(jobBody(job), 201) : c.json(jobBody(job), 200);
  });

  app.openapi(api.explainJob, async (c) => {
    const principal = c.get("principal");
    const { id } = await allowedJob(service, principal, "read", c.req.valid("param").id);
    const situation = await store.explain(id);
    if (situation === null) throw jobNotFound(id);
    return c.json(explanationBody(situation), 200);
  });

  app.openapi(api.listAttempts, async (c) => {
    const { id } = await allowedJob(service, c.get("principal"), "read", c.req.valid("param").id);
    const attempts = (await store.attempts(id)).map(({ startedAt, endedAt, ...rest }) => ({
      ...rest,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
    }));
    return c.json({ attempts }, 200);
  });

  app.openapi(api.readEnded, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read");
    return c.json({ ended: await endedAmong(service, principal, c.req.valid("json").ids) }, 200);
  });
}

/** Whether each has ended; what the principal may not read has not, as far as it can tell. */
async function endedAmong({ kernel }: Service, principal: Principal, ids: readonly string[]): Promise<boolean[]> {
  const known = ids.filter(isJobId);
  const ended = await kernel.store.ended(known);
  const over = known.filter((_, i) => ended[i] === true);
  // Most are asked for because they have not ended; only the others are read.
  const jobs = over.length === 0 ? [] : await kernel.store.get(over);
  const told = new Set<string>(
    jobs.flatMap((job) => (job !== null && mayActOn(principal, "read", job) ? [job.id] : [])),
  );
  return ids.map((id) => told.has(id));
}

function explanationBody(situation: JobSituation) {
  const { job, sentences } = explain(situation);
  const { isQueuePaused, aheadCount, attemptStartedAt, leaseUntil, warnedAt } = situation;
  const workers = situation.workers.map(({ queues, labels, concurrency, running }) => ({
    queues: queues === null ? null : [...queues],
    labels: [...labels],
    concurrency,
    running,
  }));
  const facts = {
    isQueuePaused,
    aheadCount,
    attemptStartedAt: attemptStartedAt?.toISOString() ?? null,
    leaseUntil: leaseUntil?.toISOString() ?? null,
    warnedAt: warnedAt?.toISOString() ?? null,
    workers,
  };
  return { job: jobBody(job), sentences: [...sentences], facts };
}
