import { AccessError, LeaseLostError, NotFoundError } from "../core/errors.ts";
import type { LeaseRef } from "../core/lease.ts";
import type { Role } from "../core/role.ts";
import type { Principal } from "./principal.ts";

/**
 * Who may do what: the one place that knows. Members act on what is theirs, viewers look, admins and owners act on all
 * of their organisation, a worker on the leases that it holds. `register` is to bring up a worker, `work` to act as one.
 */
export const RIGHTS = {
  enqueue: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  read: { owner: "all", admin: "all", member: "own", viewer: "all", worker: "none" },
  cancel: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  retry: { owner: "all", admin: "all", member: "own", viewer: "none", worker: "none" },
  "follow events": { owner: "all", admin: "all", member: "own", viewer: "all", worker: "none" },
  "read artifacts": { owner: "all", admin: "all", member: "own", viewer: "all", worker: "held" },
  "write artifacts": { owner: "all", admin: "all", member: "own", viewer: "none", worker: "held" },
  "read queues": { owner: "all", admin: "all", member: "all", viewer: "all", worker: "none" },
  "steer queues": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  "read organisation": { owner: "all", admin: "all", member: "none", viewer: "all", worker: "none" },
  "write schedules": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  "manage keys": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  "manage webhooks": { owner: "all", admin: "all", member: "none", viewer: "none", worker: "none" },
  register: { owner: "all", admin: "all", member: "none", viewer: "none", worker: "all" },
  work: { owner: "none", admin: "none", member: "none", viewer: "none", worker: "own" },
} as const satisfies Record<string, Record<Role, "all" | "own" | "held" | "none">>;

export type Action = keyof typeof RIGHTS;

/** What an action on a job needs to know of it. */
interface Owned {
  readonly org: string;
  readonly createdBy: string | null;
}

/** What each principal has asked for; there is one for each request. */
const asked = new WeakMap<Principal, Action>();

/** What the request of this principal is about: the action whose right was asked for last, granted or not. */
export function actionOf(principal: Principal): Action | undefined {
  return asked.get(principal);
}

/** How far a principal's right goes. @throws AccessError `forbidden` when there is none */
export function rightTo(principal: Principal, action: Action): "all" | "own" | "held" {
  asked.set(principal, action);
  const right = RIGHTS[action][principal.role];
  if (right === "none") throw new AccessError("forbidden", `the role ${principal.role} may not ${action}`);
  return right;
}

/**
 * Asked before anything of the job is told or done: of another organisation it is not there, of somebody else it is
 * forbidden, whatever state it is in. Where only those who hold the job may, `requireHolder` is to be asked next.
 * @throws NotFoundError, AccessError
 */
export function requireRight<T extends Owned>(principal: Principal, action: Action, job: T | null, name: string): T {
  rightTo(principal, action);
  if (job === null || job.org !== principal.org) throw new NotFoundError("job_not_found", `there is no job "${name}"`);
  if (RIGHTS[action][principal.role] !== "held" && !mayActOn(principal, action, job)) {
    throw new AccessError("forbidden", `the role ${principal.role} may ${action} its own jobs only`);
  }
  return job;
}

/** As `requireRight`, for one who asks and takes no for an answer. */
export function mayActOn(principal: Principal, action: Action, job: Owned): boolean {
  const right = RIGHTS[action][principal.role];
  return job.org === principal.org && (right === "all" || (right === "own" && job.createdBy === principal.name));
}

/**
 * The lease, if it is that of the principal.
 * @param lease one of the job that is good; `null` when none was named, or it is not good
 * @throws LeaseLostError, AccessError for who is no registered worker
 */
export function requireHolder(
  principal: Principal,
  job: { readonly worker: string | null },
  lease: LeaseRef | null,
): LeaseRef {
  if (principal.worker === undefined) {
    throw new AccessError("forbidden", "this takes the key that a worker gets when it registers");
  }
  if (lease !== null && job.worker === principal.worker) return lease;
  throw new LeaseLostError("this worker does not hold the job: send the token of its lease as X-Millrace-Token");
}

/** @throws AccessError unless the principal is that worker itself */
export function requireWorker(principal: Principal, worker: string): void {
  rightTo(principal, "work");
  if (principal.worker !== worker) throw new AccessError("forbidden", "this key belongs to another worker");
}

/**
 * The organisation whose keys the request is about: the principal's own, or the one that it names.
 * @throws AccessError unless it may manage keys there
 */
export function keyOrganisation(principal: Principal, named: string | undefined): string {
  rightTo(principal, "manage keys");
  if (named === undefined || named === principal.org || principal.isOperator === true) return named ?? principal.org;
  throw new AccessError("forbidden", "only MILLRACE_API_KEY may manage keys of another organisation");
}

/** Nobody makes or revokes a key that may more than he may. @throws AccessError */
export function requireRankFor(principal: Principal, role: Role): void {
  if (role !== "owner" || principal.role === "owner") return;
  throw new AccessError("forbidden", `the role ${principal.role} may not make or revoke the key of an owner`);
}
