import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { QueueChoice } from "../../core/lane.ts";
import type { Claim, HeartbeatStatus, Report } from "../../core/store.ts";
import * as api from "../api/workers.ts";
import { LongPolls } from "../long-polls.ts";
import { Outcomes } from "../outcomes.ts";
import { requireWorker, rightTo } from "../policy.ts";
import { RemoteWorkers } from "../remote-workers.ts";
import type { Env, Service } from "../service.ts";
import { jobBody } from "../wire.ts";

/** Remote workers: register, claim, heartbeat, settle, logs, unregister. */
export function workerRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { kernel, workerKeys, limits, leaseMs, stopping } = service;
  const { store } = kernel;
  const workers = new RemoteWorkers(kernel, leaseMs, stopping);
  const polls = new LongPolls(kernel, limits.longPolls, stopping);
  const outcomes = new Outcomes(kernel);

  /** Whose leases the request may be about. @throws AccessError unless the key is that worker's */
  function holderOf(c: Context<Env>, worker: string): { readonly org: string; readonly worker: string } {
    const principal = c.get("principal");
    requireWorker(principal, worker);
    return { org: principal.org, worker };
  }

  /** The next key, when the present one has not long to live, or has run out while the request waited. */
  function nextKey(c: Context<Env>): { readonly key?: string } {
    const { org, worker } = c.get("principal");
    const present = c.get("key");
    if (worker === undefined) return {};
    const next = workerKeys.read(present) === undefined ? workerKeys.issue(worker, org) : workerKeys.renew(present);
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
    const { name = id, labels = [], slots = 1, queues = null } = body;
    await workers.register({ id, org: principal.org, name, labels, slots, queues });
    const { key, expiresAt } = workerKeys.issue(id, principal.org);
    return c.json({ worker: id, key, expiresAt: expiresAt.toISOString() }, 201);
  });

  app.openapi(api.claimJobs, async (c) => {
    const { org, worker } = holderOf(c, c.req.valid("param").id);
    const { max = 1, waitMs = 0 } = c.req.valid("json");
    const { queues: names, labels, concurrency } = await workers.heardOf(org, worker);
    const queues: QueueChoice = names === null ? { order: "turns" } : { order: "strict", names };
    const request = { org, worker, queues, labels: new Set(labels), max: Math.min(max, concurrency), leaseMs };
    const claims = await polls.claim(request, waitMs, c.req.raw.signal);
    return c.json({ jobs: claims.map(claimBody), ...nextKey(c) }, 200);
  });

  app.openapi(api.sendHeartbeat, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    await workers.heardOf(holder.org, holder.worker);
    const said = c.req.valid("json").leases;
    const own = await outcomes.ownLeases(holder, said);
    const held = own.filter((lease) => lease !== undefined);
    const prolonged = await store.heartbeat(holder.worker, held, leaseMs);
    const statuses = inPlaces<HeartbeatStatus>(own, prolonged, "lost");
    const reports = said.flatMap(({ progress }, i): Report[] => {
      const lease = own[i];
      if (lease === undefined || progress === undefined || statuses[i] === "lost") return [];
      return [{ ...lease, progress: { percent: progress.percent, message: progress.message ?? null }, lines: [] }];
    });
    if (reports.length > 0) await store.report(reports);
    const leases = said.map(({ job }, i) => ({ job, status: statuses[i] ?? "lost" }));
    return c.json({ leases, ...nextKey(c) }, 200);
  });

  app.openapi(api.settleJobs, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    const settlements = await outcomes.settlements(holder, c.req.valid("json").outcomes);
    const written = await store.settle(settlements.filter((settlement) => settlement !== undefined));
    const statuses = inPlaces(settlements, written, "lost").map((status) =>
      // Cancelled before: nothing of what the worker says is written, as when its lease is lost in another way.
      status === "settled" ? ("settled" as const) : ("lease_lost" as const),
    );
    return c.json({ statuses, ...nextKey(c) }, 200);
  });

  app.openapi(api.sendLogs, async (c) => {
    const holder = holderOf(c, c.req.valid("param").id);
    const { entries } = c.req.valid("json");
    const own = await outcomes.ownLeases(holder, entries);
    const reports = entries.flatMap(({ stream = "log", text }, i): Report[] => {
      const lease = own[i];
      return lease === undefined
        ? []
        : [{ ...lease, progress: null, lines: linesOf(text).map((line) => ({ stream, text: line })) }];
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
    return c.json({ released: await workers.remove(org, worker) }, 200);
  });
}

/** The store was asked for those that are there; the others are answered without. */
function inPlaces<Status>(asked: readonly unknown[], answers: readonly Status[], otherwise: Status): Status[] {
  let next = 0;
  return asked.map((each) => (each === undefined ? otherwise : (answers[next++] ?? otherwise)));
}

function claimBody({ job, lease, queue }: Claim) {
  const { token, expiresAt } = lease;
  // The queue's limit holds where the job has none, and the worker cannot ask for it.
  const limited = { ...job, timeoutMs: job.timeoutMs ?? queue.timeoutMs };
  return { ...jobBody(limited), lease: { token, expiresAt: expiresAt.toISOString() } };
}

/** A line feed at the end ends the last line and begins no other. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}
