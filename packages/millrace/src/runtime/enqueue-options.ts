import { backoffProblem, type BackoffPolicy } from "../core/backoff.ts";
import type { Job, JobId } from "../core/job.ts";
import { toJson } from "../core/json.ts";
import { DEFAULT_QUEUE, type JobDefinition } from "../core/kind.ts";
import { normalizeLabels } from "../core/lane.ts";
import { MANUAL } from "../core/manual.ts";
import {
  countProblem,
  durationProblem,
  integerProblem,
  labelsProblem,
  nameProblem,
  refuseRequest,
  show,
  unknownKeys,
  wholeMs,
  type Problem,
} from "../core/options.ts";
import { secretsProblems, type Secrets } from "../core/secrets.ts";
import type { EnqueueRequest } from "../core/store.ts";

const PRIORITY_WORDS = { high: 10, medium: 0, low: -10 } as const;

export interface EnqueueOptions {
  /** @default the definition's, else "default" */
  readonly queue?: string;
  /** Higher runs sooner; `high`, `medium` and `low` mean 10, 0 and -10. @default the definition's, else 0 */
  readonly priority?: number | keyof typeof PRIORITY_WORDS;
  /** Wait this long before the job may run, in milliseconds. */
  readonly delayMs?: number;
  /** The job may run from then on; not together with `delayMs`. */
  readonly runAt?: Date;
  /**
   * One live job per organisation, kind and key: while it lives, it is what an enqueue with the same key and payload
   * answers; another payload is refused with `duplicate_job`.
   */
  readonly key?: string;
  /** What the job's number is counted under. @default the queue */
  readonly scope?: string;
  /** @default the queue's, true */
  readonly numbered?: boolean;
  readonly group?: string;
  /** Free marks to find jobs by: names with values, or names alone. */
  readonly tags?: Readonly<Record<string, string>> | readonly string[];
  /** Labels a worker must have: `gpu`, `gpu=nvenc`, `threads>=8`; `manual` for what a person does. @default the definition's, none */
  readonly requires?: readonly string[];
  /** Jobs of one queue with different keys take turns. */
  readonly fairKey?: string;
  /** @default the definition's, the queue's, 3 */
  readonly maxAttempts?: number;
  /** @default the definition's, the queue's */
  readonly backoff?: BackoffPolicy;
  /** Time limit of one attempt in milliseconds. @default the definition's, the queue's, none */
  readonly timeoutMs?: number;
  /**
   * What its attempts alone get to know, by `ctx.secrets()`: encrypted in the store, in no answer, log or event, and gone
   * when the job ends. Up to 100 names such as `API_TOKEN`, with texts of up to 64 KiB, 1 MiB in all. Needs `secretKey`. An enqueue
   * that is answered with a live job of the same `key` leaves that job's secrets as they are.
   */
  readonly secrets?: Secrets;
  /** Whoever asked for it. */
  readonly createdBy?: string;
  /** The caller's own transaction, which alone decides whether the job exists. */
  readonly tx?: unknown;
}

const KEYS = [
  "queue", "priority", "delayMs", "runAt", "key", "scope", "numbered", "group", "tags", "requires", "fairKey",
  "maxAttempts", "backoff", "timeoutMs", "secrets", "createdBy", "tx",
] as const satisfies readonly (keyof EnqueueOptions)[]; // prettier-ignore

/**
 * What the store is asked for. The payload has been checked already.
 * @throws InputError with every wrong option
 */
export function toRequest(
  facts: {
    readonly id: JobId;
    readonly org: string;
    readonly kind: string;
    readonly definition: JobDefinition | undefined;
  },
  payload: unknown,
  options: EnqueueOptions,
): EnqueueRequest {
  const { id, org, kind, definition } = facts;
  refuseRequest(problemsOf(kind, options));
  const defined = definition?.options;
  const priority = options.priority ?? defined?.priority ?? 0;
  const backoff = options.backoff ?? (typeof defined?.backoff === "function" ? undefined : defined?.backoff);
  return {
    id,
    org,
    kind,
    queue: options.queue ?? definition?.queue ?? DEFAULT_QUEUE,
    payload: toJson(payload, "the payload"),
    priority: typeof priority === "string" ? PRIORITY_WORDS[priority] : priority,
    delayMs: options.delayMs ?? null,
    runAt: options.runAt ?? null,
    key: options.key ?? null,
    scope: options.scope ?? null,
    numbered: options.numbered ?? null,
    group: options.group ?? null,
    tags: toTags(options.tags),
    requires: normalizeLabels([
      ...(options.requires ?? defined?.requires ?? []),
      ...(defined?.manual === true ? [MANUAL] : []),
    ]),
    fairKey: options.fairKey ?? null,
    maxAttempts: options.maxAttempts ?? defined?.maxAttempts ?? null,
    timeoutMs: wholeMs(options.timeoutMs ?? defined?.timeoutMs ?? null),
    backoff: backoff ?? null,
    createdBy: options.createdBy ?? null,
    retryOf: null,
  };
}

export interface RetryOptions {
  /** Whoever asked for it. @default who asked for the job before */
  readonly by?: string;
  /** To be given again: those of the job before are gone. */
  readonly secrets?: Secrets;
}

/** @throws InputError with every wrong option */
export function refuseRetryOptions(options: RetryOptions): void {
  refuseRequest([
    ...unknownKeys(options, ["by", "secrets"], "retry()"),
    ...secretsProblems(options?.secrets, "retry(): secrets"),
  ]);
}

/** A new job like a finished one: its facts, a new id and number, no key. */
export function toRetry(id: JobId, job: Job, by: string | undefined): EnqueueRequest {
  const { org, kind, queue, priority, scope, group, tags, requires, fairKey, maxAttempts, timeoutMs, backoff } = job;
  return {
    id,
    org,
    kind,
    queue,
    priority,
    scope,
    group,
    tags,
    requires,
    fairKey,
    maxAttempts,
    timeoutMs,
    backoff,
    payload: toJson(job.payload, "the payload"),
    delayMs: null,
    runAt: null,
    key: null,
    numbered: job.number !== null,
    createdBy: by ?? job.createdBy,
    retryOf: job.id,
  };
}

function problemsOf(kind: unknown, options: EnqueueOptions): Problem[] {
  const where = `enqueue(${show(kind)})`;
  const wrongKeys = unknownKeys(options, KEYS, where);
  if (typeof options !== "object" || options === null) return wrongKeys;
  const optionalName = (value: unknown, what: string): Problem =>
    value === undefined ? undefined : nameProblem(value, `${where}: ${what}`);
  const { priority, runAt, numbered } = options;
  return [
    nameProblem(kind, `${where}: the kind`),
    ...wrongKeys,
    optionalName(options.queue, "queue"),
    optionalName(options.scope, "scope"),
    optionalName(options.group, "group"),
    optionalName(options.fairKey, "fairKey"),
    textProblem(options.key, `${where}: key`),
    textProblem(options.createdBy, `${where}: createdBy`),
    typeof priority === "string"
      ? priority in PRIORITY_WORDS
        ? undefined
        : `${where}: priority must be a whole number, "high", "medium" or "low"; got ${show(priority)}`
      : integerProblem(priority, `${where}: priority`),
    durationProblem(options.delayMs, `${where}: delayMs`, 0, Number.MAX_SAFE_INTEGER / 2),
    runAt === undefined || (runAt instanceof Date && !Number.isNaN(runAt.getTime()))
      ? undefined
      : `${where}: runAt must be a valid Date; got ${show(runAt)}`,
    runAt !== undefined && options.delayMs !== undefined ? `${where}: give delayMs or runAt, not both` : undefined,
    numbered === undefined || typeof numbered === "boolean" ? undefined : `${where}: numbered must be true or false`,
    tagsProblem(options.tags, `${where}: tags`),
    labelsProblem(options.requires, `${where}: requires`),
    countProblem(options.maxAttempts, `${where}: maxAttempts`),
    backoffProblem(options.backoff, `${where}: backoff`),
    durationProblem(options.timeoutMs, `${where}: timeoutMs`),
    ...secretsProblems(options.secrets, `${where}: secrets`),
  ];
}

function textProblem(value: unknown, what: string): Problem {
  if (value === undefined || (typeof value === "string" && value.length >= 1 && value.length <= 255)) return undefined;
  return `${what} must be text of 1 to 255 characters; got ${show(value)}`;
}

function tagsProblem(tags: unknown, what: string): Problem {
  if (tags === undefined) return undefined;
  if (typeof tags !== "object" || tags === null) return `${what} must be names with values; got ${show(tags)}`;
  const entries = Array.isArray(tags) ? tags.map((name: unknown) => [name, ""]) : Object.entries(tags);
  if (entries.length > 50) return `${what} has ${entries.length} entries; at most 50 are kept`;
  const wrong = entries.find(
    ([name, value]) =>
      typeof name !== "string" || name === "" || name.length > 100 || typeof value !== "string" || value.length > 255,
  );
  if (wrong === undefined) return undefined;
  return `${what} must be names (1 to 100 characters) with text values (at most 255); got ${show(wrong[0])}: ${show(wrong[1])}`;
}

function toTags(tags: EnqueueOptions["tags"]): Readonly<Record<string, string>> {
  if (tags === undefined) return {};
  return Array.isArray(tags)
    ? Object.fromEntries(tags.map((name: string) => [name, ""]))
    : (tags as Record<string, string>);
}
