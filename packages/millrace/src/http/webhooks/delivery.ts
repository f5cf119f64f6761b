import { createHash } from "node:crypto";
import type { BackoffPolicy } from "../../core/backoff.ts";
import type { JobEvent } from "../../core/event.ts";
import { jobIdOf } from "../../core/job-id.ts";
import type { JobId } from "../../core/job.ts";
import type { EnqueueRequest } from "../../core/store.ts";
import type { StoredWebhook } from "../../core/webhook.ts";

export const DELIVERY_KIND = "millrace.webhook";
export const DELIVERY_QUEUE = "millrace.webhooks";
/** Other workers that take whatever comes have not got it, and so leave these jobs to the server. */
export const DELIVERY_LABEL = "millrace.webhooks";
const CREATED_BY = "millrace";

const MAX_ATTEMPTS = 8;
/** 5 s, 20 s, 80 s … 5.7 h: about 7.5 hours in all, so that a receiver can be down for a night's first half. */
const BACKOFF: BackoffPolicy = { type: "exponential", delayMs: 5_000, factor: 4, maxMs: 21_600_000, jitter: 0.2 };
/** Longer than a try may take; should it hang in spite of that, the job does not. */
const TIMEOUT_MS = 30_000;

/** An event as it is told. Its cursor is not in it: that depends on who reads, and when. Nor is who asked for the job. */
type ToldEvent = Omit<JobEvent, "cursor" | "at" | "createdBy"> & { readonly at: string };

/** What the job of a delivery knows. The address and the secret are looked up when it runs. */
export interface Delivery {
  readonly hook: string;
  /** The same for each try, and should the event be handed on twice. */
  readonly messageId: string;
  readonly event: ToldEvent;
}

/** Whether a hook is told of an event. What the deliveries themselves do is told nobody: there would be no end to it. */
function isTold({ events }: Pick<StoredWebhook, "events">, { type, queue }: JobEvent): boolean {
  return queue !== DELIVERY_QUEUE && (events === null || events.includes(type));
}

/**
 * The jobs that deliver a page of events to hooks. A job's id is made of what it tells, so that the same event handed on
 * again, by another process or after a crash, is the same job and not another one.
 */
export function deliveriesOf(hooks: readonly StoredWebhook[], events: readonly JobEvent[]): EnqueueRequest[] {
  const seen = new Map<string, number>();
  return events.flatMap((event) => {
    const told = toldEvent(event);
    const text = JSON.stringify([told.job, told.type, told.at]);
    // A job may start twice within a millisecond.
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    return hooks
      .filter((hook) => isTold(hook, event))
      .map((hook) => request(hook, told, idOf(hook, event.at, `${text} ${count}`)));
  });
}

function idOf(hook: StoredWebhook, at: Date, text: string): JobId {
  return jobIdOf(at.getTime(), createHash("sha256").update(`${hook.id} ${text}`).digest());
}

function request(hook: StoredWebhook, event: ToldEvent, id: JobId): EnqueueRequest {
  const delivery: Delivery = { hook: hook.id, messageId: id.replace("job_", "msg_"), event };
  return {
    id,
    org: hook.org,
    queue: DELIVERY_QUEUE,
    kind: DELIVERY_KIND,
    payload: JSON.stringify(delivery),
    priority: 0,
    delayMs: null,
    runAt: null,
    key: null,
    scope: null,
    numbered: false,
    group: hook.id,
    tags: {},
    requires: [DELIVERY_LABEL],
    fairKey: hook.id,
    maxAttempts: MAX_ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    backoff: BACKOFF,
    createdBy: CREATED_BY,
    retryOf: null,
  };
}

function toldEvent({ type, at, job, number, scope, queue, kind }: JobEvent): ToldEvent {
  return { type, at: at.toISOString(), job, number, scope, queue, kind };
}
