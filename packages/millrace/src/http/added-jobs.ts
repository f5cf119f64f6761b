import type { z } from "@hono/zod-openapi";
import { ConflictError } from "../core/errors.ts";
import { isJobId, type Job } from "../core/job.ts";
import { toJson } from "../core/json.ts";
import type { EnqueueRequest } from "../core/store.ts";
import type { Added, Enqueuer } from "../runtime/enqueuer.ts";
import type { Kernel } from "../runtime/kernel.ts";
import type { SentAgo } from "./api/fields.ts";
import type { EnqueueBody } from "./api/jobs.ts";
import { enqueueItem, jobBody } from "./wire.ts";

/** Who asks, and since when. */
interface Asking {
  readonly createdBy: string;
  readonly headers: z.infer<typeof SentAgo>;
}

/** The request that a body makes, under the id that its sender has chosen, if any. */
export async function requestOf(
  enqueuer: Enqueuer,
  { id, ...body }: EnqueueBody,
  { createdBy, headers }: Asking,
): Promise<EnqueueRequest> {
  const { kind, payload, options } = enqueueItem(body, createdBy);
  // Without an id of the sender's it is another job each time.
  if (id === undefined || !isJobId(id)) return enqueuer.request(kind, payload, options);
  return sentBefore(await enqueuer.request(kind, payload, options, id), headers);
}

/** The request with how long ago it was first sent, if its sender says that it was. */
export function sentBefore(request: EnqueueRequest, headers: Asking["headers"]): EnqueueRequest {
  const sentMsAgo = headers["x-millrace-sent-ms-ago"];
  return sentMsAgo === undefined ? request : { ...request, sentMsAgo };
}

/** Enqueue one; or find out that it was sent before. @throws ConflictError when its id stands for something else */
export async function addOne(enqueuer: Enqueuer, request: EnqueueRequest): Promise<Added> {
  const added = await enqueuer.add(request);
  refuseOther(request, added.job);
  return added;
}

/** Enqueue all or none. @throws ConflictError as `addOne` */
export async function addAll(
  { store }: Kernel,
  enqueuer: Enqueuer,
  { bodies, ...asking }: Asking & { readonly bodies: readonly EnqueueBody[] },
): Promise<readonly Added[]> {
  const requests = await Promise.all(bodies.map((body) => requestOf(enqueuer, body, asking)));
  // Asked first: what is refused must not have been written by halves.
  const chosen = requests.filter((_, i) => bodies[i]?.id !== undefined);
  const before = chosen.length === 0 ? [] : await store.get(chosen.map(({ id }) => id));
  chosen.forEach((request, i) => refuseOther(request, before[i] ?? null));
  const added = await enqueuer.addAll(requests);
  requests.forEach((request, i) => refuseOther(request, added[i]?.job ?? null));
  return added;
}

/** What is answered for jobs that were enqueued together. */
export function addedBody(added: readonly Added[]) {
  return {
    jobs: added.map(({ job }) => jobBody(job)),
    statuses: added.map(({ isNew }) => (isNew ? ("created" as const) : ("existing" as const))),
  };
}

/**
 * A job that was there under the id of the request must be what this sender has asked for before. Of any other nothing is
 * told: not whose it is, nor what.
 */
function refuseOther(request: EnqueueRequest, job: Job | null): void {
  if (job === null || job.id !== request.id) return;
  const isSame =
    job.org === request.org &&
    job.createdBy === request.createdBy &&
    job.kind === request.kind &&
    job.queue === request.queue &&
    job.retryOf === request.retryOf &&
    toJson(job.payload, "the payload") === request.payload;
  if (isSame) return;
  throw new ConflictError("state_conflict", `the id "${request.id}" cannot be used; make another, or leave it out`);
}
