import { AccessError, NotFoundError } from "../core/errors.ts";
import type { Principal, Role } from "./principal.ts";

/**
 * Who may do what: the one place that knows. Members act on what is theirs, viewers look, admins and owners act on all
 * of their organisation, a worker on the leases that it holds. `register` is to bring up a worker, `work` to act as one.
 */
export const RIGHTS = {
  enqueue: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  read: { owner: "all", admin: "all", member: "own", viewer: "all", worker: "none" },
  cancel: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  retry: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  "read queues": { owner: "all", admin: "all", member: "all", viewer: "all", worker: "none" },
  "steer queues": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  "read organisation": { owner: "all", admin: "all", member: "none", viewer: "all", worker: "none" },
  "write schedules": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  register: { owner: "all", admin: "all", member: "none", viewer: "none", worker: "all" },
  work: { owner: "none", admin: "none", member: "none", viewer: "none", worker: "own" },
} as const satisfies Record<string, Record<Role, "all" | "own" | "none">>;

export type Action = keyof typeof RIGHTS;

/** What an action on a job needs to know of it. */
interface Owned {
  readonly org: string;
  readonly createdBy: string | null;
}

/** How far a principal's right goes. @throws AccessError `forbidden` when there is none */
export function rightTo(principal: Principal, action: Action): "all" | "own" {
  const right = RIGHTS[action][principal.role];
  if (right === "none") throw new AccessError("forbidden", `the role ${principal.role} may not ${action}`);
  return right;
}

/**
 * Asked before anything of the job is told or done: of another organisation it is not there, of somebody else it is
 * forbidden, whatever state it is in.
 * @throws NotFoundError, AccessError
 */
export function requireRight<T extends Owned>(principal: Principal, action: Action, job: T | null, name: string): T {
  const right = rightTo(principal, action);
  if (job === null || job.org !== principal.org) throw new NotFoundError("job_not_found", `there is no job "${name}"`);
  if (right === "own" && job.createdBy !== principal.name) {
    throw new AccessError("forbidden", `the role ${principal.role} may ${action} its own jobs only`);
  }
  return job;
}

/** @throws AccessError unless the principal is that worker itself */
export function requireWorker(principal: Principal, worker: string): void {
  rightTo(principal, "work");
  if (principal.worker !== worker) throw new AccessError("forbidden", "this key belongs to another worker");
}
