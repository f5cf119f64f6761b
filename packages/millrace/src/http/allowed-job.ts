import { isJobId, type Job } from "../core/job.ts";
import { requireRight, rightTo, type Action } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { Service } from "./service.ts";

/** The job, once it is certain that the principal may do this with it. @throws NotFoundError, AccessError */
export async function allowedJob({ kernel }: Service, principal: Principal, action: Action, id: string): Promise<Job> {
  // Without the right there is nothing to look up.
  rightTo(principal, action);
  const [job = null] = isJobId(id) ? await kernel.store.get([id]) : [];
  return requireRight(principal, action, job, id);
}
