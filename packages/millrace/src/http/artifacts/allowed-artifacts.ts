import { isJobId, type Job } from "../../core/job.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { allowedJob } from "../allowed-job.ts";
import { requireHolder, requireRight, rightTo } from "../policy.ts";
import type { Principal } from "../principal.ts";
import type { Service } from "../service.ts";

type ArtifactAction = "read artifacts" | "write artifacts";

/** A job, and the lease under which a worker acts on it; none for people. */
interface AllowedArtifacts {
  readonly job: Job;
  readonly under: LeaseRef | null;
}

/**
 * The job, once it is certain that the principal may do this with its artifacts: people by their role, a worker while it
 * holds the job.
 * @param token the fencing token that came with the request
 * @throws NotFoundError, AccessError, LeaseLostError
 */
export async function allowedArtifacts(
  service: Service,
  principal: Principal,
  action: ArtifactAction,
  id: string,
  token: number | undefined,
): Promise<AllowedArtifacts> {
  rightTo(principal, action);
  if (principal.role !== "worker") return { job: await allowedJob(service, principal, action, id), under: null };
  const { store } = service.kernel;
  const under = isJobId(id) && token !== undefined ? { job: id, token } : null;
  // A report that says nothing is kept while the token is good. Asked before whose the job is: should it be claimed anew
  // in between, that is then somebody else.
  const [status] = under === null ? [] : await store.report([{ ...under, progress: null, lines: [] }]);
  const [job = null] = isJobId(id) ? await store.get([id]) : [];
  const there = requireRight(principal, action, job, id);
  return { job: there, under: requireHolder(principal, there, status === "kept" ? under : null) };
}
