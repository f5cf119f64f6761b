import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { LeaseLostError } from "../../core/errors.ts";
import type { QueueChoice } from "../../core/lane.ts";
import type { Redactor } from "../../core/redactor.ts";
import type { HeartbeatStatus, Report } from "../../core/store.ts";
import { addAll, addedBody } from "../added-jobs.ts";
import * as api from "../api/workers.ts";
import { AttemptSecrets, type HandedClaim } from "../attempt-secrets.ts";
import { CancelPolls } from "../cancel-polls.ts";
import { ClaimAnswers } from "../claim-answers.ts";
import { tracesOf } from "../claim-traces.ts";
import { LongPolls } from "../long-polls.ts";
import { Outcomes } from "../outcomes.ts";
import { requireWorker, rightTo } from "../policy.ts";
import { RemoteWorkers } from "../remote-workers.ts";
import type { Env, Service } from "../service.ts";
import { waitUnderKey } from "../watch-key.ts";
import { jobBody } from "../wire.ts";

/** Remote workers: register, claim, heartbeat, settle, logs, unregister. */
export function workerRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { kernel, authenticator, workerKeys, limits, leaseMs, stopping } = service;
  const { store } = kernel;
  const workers = new RemoteWorkers(kernel, leaseMs, stopping);
  const polls = new LongPolls(kernel, limits.longPolls, stopping);
  const answers = new ClaimAnswers(store);
  const cancelPolls = new CancelPolls(kernel, limits.longPolls, stopping);
  const outcomes = new Outcomes(kernel);
  const secrets = new AttemptSecrets(kernel);

  /** Whose leases the request may be about. @throws AccessError unless the key is that worker's */
  function holderOf(c: Context<Env>, worker: string): { readonly org: string; readonly worker: string } {
    const principal = c.get("principal");
    requireWorker(principal, worker);
    return { org: principal.org, worker };
  }

  /** For a worker that registered with an API key: throws when that is no longer good. */
  function keyCheckOf(c: Context<Env>): (() => Promise<void>) | undefined {
    const { key } = c.get("principal");
    return key === undefined ? undefined : async () => authenticator.requireGoodKey(key);
  }

  /** The next key, when the present one has not long to live, or has run out while the request waited. */
  function nextKey(c: Context<Env>): { readonly key?: string } {
    const { org, worker, key } = c.get("principal");
    const present = c.get("key");
    if (worker === undefined) return {};
    const next =
      workerKeys.read(present) === undefined ? workerKeys.issue(worker, org, key) : workerKeys.renew(present);
    return next === undefined ? {} : { key: next.key };
  }

  app.openapi(api.registerWorker, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "register");
    const own = principal.worker;
    const body = c.req.valid("json");
    const id = body.id ?? own ?? `worker_${kernel.newId().slice("job_".length)}`;
    // A worker's key brings up that worker again, and no other.
    if (own !== undefined) requireWorker(principal, id);
    const { name = id, host = null, pid = null, labels = [], slots = 1, queues = null } = body;
    await workers.register({ id, org: principal.org, name, host, pid, labels, slots, queues });
    const { key, expiresAt } = workerKeys.issue(id, principal.org, principal.key);
    c.set("about", [id]);
    return c.json({ worker: id, key, expiresAt: expiresAt.toISOString() }, 201);
  });

  app.openapi(api.claimJobs, async (c) => {
    const { org, worker } = holderOf(c, c.req.valid("param").id);
    const { id, max = 1, waitMs = 0, ...asked } = c.req.valid("json");
    const { queues: registered, labels, concurrency } = await workers.heardOf(org, worker);
    const request = {
      org,
      worker,
      queues: choiceOf(asked.queues ?? registered),
      labels: new Set(labels),
      max: Math.min(max, concurrency),
      slots: concurrency,
      leaseMs: asked.leaseMs ?? leaseMs,
    };
    const again = id === undefined ? undefined : await answers.again(worker, id, request.leaseMs);
    const claims = again ?? (await polls.claim(request, waitMs, c.req.raw.signal, keyCheckOf(c)));
    if (id !== undefined) answers.keep(worker, id, claims);
    const handed = await secrets.handOut(claims);
    const traces = await tracesOf(kernel, handed);
    return c.json({ jobs: handed.map((claim, i) => claimBody(claim, traces[i])), ...nextKey(c) }, 200);
  });

  app.openapi(api.endClaims, async (c) => {
    const { org, worker } = holderOf(c, c.req.valid("param").id);
    return c.json({ ended: polls.end(org, worker), ...nextKey(c) }, 200);
  });

  app.openapi(api.readCancels, async (c) => {
    const { org, worker } = holderOf(c, c.req.valid("param").id);
    await workers.heardOf(org, worker);
    const { waitMs = 0 } = c.req.valid("query");
    const caller = { clock: kernel.clock, gone: c.req.raw.signal, requireKey: keyCheckOf(c) };
    const cancels = await waitUnderKey(caller, (gone) => cancelPolls.read(worker, waitMs, gone));
    return c.json({ cancels: [...cancels], ...nextKey(c) }, 200);
  });

  app.openapi(api.enqueueUnderLease, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    const { under, jobs } = c.req.valid("json");
    const [lease] = await outcomes.ownLeases(holder, [under]);
    if (lease === undefined) throw new LeaseLostError("nothing was enqueued: the lease is not this worker's");
    const enqueuer = service.enqueuerUnder(c.get("principal"), lease);
    const asking = { createdBy: holder.worker, headers: c.req.valid("header") };
    const added = await addAll(kernel, enqueuer, { bodies: jobs, ...asking });
    return c.json({ ...addedBody(added), ...nextKey(c) }, 201);
  });

  app.openapi(api.sendHeartbeat, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    await workers.heardOf(holder.org, holder.worker);
    const { leases: said, leaseMs: askedMs = leaseMs } = c.req.valid("json");
    const own = await outcomes.ownLeases(holder, said);
    const held = own.filter((lease) => lease !== undefined);
    const prolonged = await store.heartbeat(holder.worker, held, askedMs);
    const statuses = inPlaces<HeartbeatStatus>(own, prolonged, "lost");
    const talkative = own.map((lease, i) => (typeof said[i]?.progress?.message === "string" ? lease : undefined));
    const redactors = await secrets.redactorsOf(holder.org, talkative);
    const reports = said.flatMap(({ progress }, i): Report[] => {
      const lease = own[i];
      if (lease === undefined || progress === undefined || statuses[i] === "lost") return [];
      const { percent, message = null } = progress;
      return [{ ...lease, progress: { percent, message: message && redact(redactors[i], message) }, lines: [] }];
    });
    if (reports.length > 0) await store.report(reports);
    const leases = said.map(({ job }, i) => ({ job, status: statuses[i] ?? "lost" }));
    return c.json({ leases, ...nextKey(c) }, 200);
  });

  app.openapi(api.settleJobs, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    const said = await secrets.redactOutcomes(holder.org, c.req.valid("json").outcomes);
    const settlements = await outcomes.settlements(holder, said);
    const written = await store.settle(settlements.filter((settlement) => settlement !== undefined));
    polls.slotsFreed(holder.worker);
    secrets.forget(settlements.filter((settlement) => settlement !== undefined));
    const ends = inPlaces(settlements, written, "lost");
    // Cancelled before: nothing of what the worker says is written, as when its lease is lost in another way.
    const statuses = ends.map((end) => (end === "settled" ? ("settled" as const) : ("lease_lost" as const)));
    const cancelled = settlements.flatMap((each, i) =>
      each === undefined || ends[i] !== "cancelled" ? [] : [each.job],
    );
    return c.json({ statuses, ...(cancelled.length === 0 ? {} : { cancelled }), ...nextKey(c) }, 200);
  });

  app.openapi(api.sendLogs, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    const { entries } = c.req.valid("json");
    const own = await outcomes.ownLeases(holder, entries);
    const redactors = await secrets.redactorsOf(holder.org, own);
    const reports = entries.flatMap(({ stream = "log", text }, i): Report[] => {
      const lease = own[i];
      if (lease === undefined) return [];
      const lines = linesOf(redact(redactors[i], text)).map((line) => ({ stream, text: line }));
      return [{ ...lease, progress: null, lines }];
    });
    const kept = await store.report(reports);
    const statuses = inPlaces(own, kept, "lost").map((status) =>
      status === "kept" ? ("kept" as const) : ("lease_lost" as const),
    );
    return c.json({ statuses, ...nextKey(c) }, 200);
  });

  app.openapi(api.unregisterWorker, async (c) => {
    const { org, worker } = holderOf(c, c.req.valid("param").id);
    polls.dismiss(org, worker);
    answers.forget(worker);
    return c.json({ released: await workers.remove(org, worker) }, 200);
  });
}

/** The store was asked for those that are there; the others are answered without. */
function inPlaces<Status>(asked: readonly unknown[], answers: readonly Status[], otherwise: Status): Status[] {
  let next = 0;
  return asked.map((each) => (each === undefined ? otherwise : (answers[next++] ?? otherwise)));
}

type Queues = readonly string[] | Readonly<Record<string, number>>;

function choiceOf(queues: Queues | null): QueueChoice {
  if (queues === null) return { order: "turns" };
  if (Array.isArray(queues)) return { order: "strict", names: queues as readonly string[] };
  return { order: "weighted", weights: new Map(Object.entries(queues)) };
}

function redact(redactor: Redactor | undefined, text: string): string {
  return redactor === undefined ? text : redactor.text(text);
}

function claimBody({ job, lease, queue, secrets }: HandedClaim, trace: string | undefined) {
  const { token, expiresAt } = lease;
  // The queue's limit holds where the job has none, and the worker cannot ask for it.
  const limited = { ...job, timeoutMs: job.timeoutMs ?? queue.timeoutMs };
  return {
    ...jobBody(limited),
    lease: { token, expiresAt: expiresAt.toISOString() },
    ownTimeoutMs: job.timeoutMs,
    queueLimits: { timeoutMs: queue.timeoutMs, backoff: queue.backoff },
    ...(secrets === undefined ? {} : { secrets }),
    ...(trace === undefined ? {} : { traceparent: trace }),
  };
}

/** A line feed at the end ends the last line and begins no other. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}
