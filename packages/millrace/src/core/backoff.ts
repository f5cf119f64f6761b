import type { Random } from "./clock.ts";
import type { JobError } from "./job-error.ts";
import { durationProblem, show, unknownKeys, type Problem } from "./options.ts";

/** Delays between attempts that a store can keep. */
export type BackoffPolicy =
  | { readonly type: "fixed"; readonly delayMs: number }
  | {
      readonly type: "exponential";
      /** Before the second attempt. */
      readonly delayMs: number;
      /** @default 2 */
      readonly factor?: number;
      /** No delay is longer. @default 300_000 */
      readonly maxMs?: number;
      /** Part of the delay that chance may take away, 0 to 1, so that a crowd does not come back at once. @default 0.1 */
      readonly jitter?: number;
    };

/** The delay in milliseconds after attempt number `attempt` has failed. */
export type BackoffFunction = (attempt: number, error: JobError) => number;

/** 1 s, 2 s, 4 s … at most five minutes. */
export const DEFAULT_BACKOFF: BackoffPolicy = { type: "exponential", delayMs: 1_000 };

const DEFAULT_MAX_MS = 300_000;

/** Milliseconds to wait after attempt number `attempt` (1 is the first) has failed. */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: Random): number {
  if (policy.type === "fixed") return policy.delayMs;
  const { delayMs, factor = 2, maxMs = DEFAULT_MAX_MS, jitter = 0.1 } = policy;
  // Bounded on its own: nothing times infinity would be no number.
  const growth = Math.min(factor ** (attempt - 1), Number.MAX_SAFE_INTEGER);
  const full = Math.min(maxMs, delayMs * growth);
  return Math.round(full * (1 - jitter * random()));
}

/** What is wrong with a policy somebody gave; not given is fine. */
export function backoffProblem(policy: unknown, what: string): Problem {
  if (policy === undefined || policy === null) return undefined;
  const { type, delayMs, factor, maxMs, jitter } = policy as Record<string, unknown>;
  if (type !== "fixed" && type !== "exponential") {
    return `${what} must be { type: "fixed" | "exponential", delayMs, … }; got ${show(policy)} of type ${show(type)}`;
  }
  if (delayMs === undefined) return `${what}.delayMs is missing`;
  const known = type === "fixed" ? ["type", "delayMs"] : ["type", "delayMs", "factor", "maxMs", "jitter"];
  const inRange = (value: unknown, least: number, most: number): boolean =>
    value === undefined || (typeof value === "number" && value >= least && value <= most);
  return (
    unknownKeys(policy, known, what)[0] ??
    durationProblem(delayMs, `${what}.delayMs`, 0) ??
    durationProblem(maxMs, `${what}.maxMs`) ??
    (inRange(factor, 1, 100) ? undefined : `${what}.factor must be from 1 to 100; got ${show(factor)}`) ??
    (inRange(jitter, 0, 1) ? undefined : `${what}.jitter must be from 0 to 1; got ${show(jitter)}`)
  );
}
