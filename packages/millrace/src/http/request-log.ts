import type { Context, MiddlewareHandler } from "hono";
import type { Kernel } from "../runtime/kernel.ts";
import { silentLogger } from "../runtime/logger.ts";
import { routeOf } from "./matched-route.ts";
import { actionOf } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { Env } from "./service.ts";

/** Keys, workers' keys, signing secrets and JWTs, should somebody put one where it does not belong. */
const SECRETS = /\b(?:mrw?_[\w.-]{16,}|whsec_[\w+/=%-]{16,}|eyJ[\w-]{8,}\.[\w.-]+)/g;
const LONGEST_PATH = 500;
/** Of a batch, so many ids are named. */
const MOST_IDS = 100;

/**
 * A line for each request once its answer begins: who asked for what, and what came of it. That is the audit of the
 * server: whatever changes something names its `action` and the ids that it is about. Bodies, headers, query strings and
 * keys are in none of it. Failures of the server are warnings, all else is information.
 */
export function logRequests({ clock, logger }: Pick<Kernel, "clock" | "logger">): MiddlewareHandler<Env> {
  if (logger === silentLogger) return async (_, next) => next();
  return async (c, next) => {
    const startedMs = clock.monotonic();
    await next();
    const fields = fieldsOf(c, clock.monotonic() - startedMs);
    const message = `${fields.method} ${fields.path} ${fields.status}`;
    if (fields.status >= 500) logger.warn(fields, message);
    else logger.info(fields, message);
  };
}

function fieldsOf(c: Context<Env>, elapsedMs: number) {
  // Unset where the key was not known, and where none is asked for.
  const principal = c.get("principal") as Principal | undefined;
  const problem = c.get("problem");
  return {
    requestId: c.get("requestId"),
    method: c.req.method,
    route: routeOf(c) ?? null,
    path: withoutSecrets(c.req.path),
    status: c.res.status,
    durationMs: Math.round(elapsedMs * 1_000) / 1_000,
    ...(problem === undefined ? {} : { problem }),
    ...(principal === undefined ? {} : { ...whoOf(principal), ...whatOf(c, principal) }),
  };
}

function whoOf({ org, name, role, key }: Principal) {
  return { org, principal: name, role, ...(key === undefined ? {} : { key }) };
}

function whatOf(c: Context<Env>, principal: Principal) {
  const action = actionOf(principal);
  if (action === undefined) return {};
  const ids = [...Object.values(c.req.param()), ...(c.get("about") ?? [])];
  if (ids.length === 0) return { action };
  const named = ids.slice(0, MOST_IDS).map((id) => withoutSecrets(id));
  return { action, ids: named, ...(ids.length > MOST_IDS ? { idCount: ids.length } : {}) };
}

/** A path, or a part of one, as it may stand in a log. */
export function withoutSecrets(path: string): string {
  return path.replaceAll(SECRETS, "[secret]").slice(0, LONGEST_PATH);
}
