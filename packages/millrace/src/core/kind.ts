import type { StandardSchemaV1 } from "@standard-schema/spec";
import { backoffProblem, type BackoffFunction, type BackoffPolicy } from "./backoff.ts";
import { InputError } from "./errors.ts";
import {
  countProblem,
  durationProblem,
  integerProblem,
  labelsProblem,
  nameProblem,
  refuseOptions,
  show,
  unknownKeys,
} from "./options.ts";

/** What `defineJob` takes besides the kind. */
export interface JobDefinitionOptions<Schema extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined> {
  /** Any Standard Schema (zod, valibot, arktype …); checked at enqueue and again before the handler. */
  readonly input?: Schema;
  /** @default "default" */
  readonly queue?: string;
  /** Higher runs sooner. @default 0 */
  readonly priority?: number;
  /** Tries in all. @default the queue's, 3 */
  readonly maxAttempts?: number;
  /** Time limit of one attempt, in milliseconds. @default the queue's, none */
  readonly timeoutMs?: number;
  /** A policy, or a function of attempt and error that answers milliseconds. @default the queue's */
  readonly backoff?: BackoffPolicy | BackoffFunction;
  /** Labels a worker must have. */
  readonly requires?: readonly string[];
}

declare const TYPES: unique symbol;

/** A kind of job with its payload's type; made by `defineJob`. */
export interface JobDefinition<Input = unknown, Payload = Input> {
  readonly kind: string;
  readonly input: StandardSchemaV1<Input, Payload> | undefined;
  readonly queue: string;
  readonly options: Omit<JobDefinitionOptions, "input" | "queue">;
  /** Carries the types only; there is no such property. */
  readonly [TYPES]?: { readonly input: Input; readonly payload: Payload };
}

export const DEFAULT_QUEUE = "default";

/**
 * Define a kind of job: its name, what its payload looks like, and how it is run.
 * @throws OptionsError naming every wrong option
 */
export function defineJob<Schema extends StandardSchemaV1>(
  kind: string,
  options: JobDefinitionOptions<Schema> & { readonly input: Schema },
): JobDefinition<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>>;
export function defineJob<Payload = unknown>(
  kind: string,
  options?: JobDefinitionOptions<undefined>,
): JobDefinition<Payload>;
export function defineJob(kind: string, options: JobDefinitionOptions = {}): JobDefinition {
  const where = `defineJob(${show(kind)})`;
  refuseOptions([nameProblem(kind, `${where}: the kind`), ...unknownKeys(options, DEFINITION_KEYS, where)]);
  const { input, queue = DEFAULT_QUEUE, ...rest } = options;
  refuseOptions([
    nameProblem(queue, `${where}: queue`),
    integerProblem(rest.priority, `${where}: priority`),
    countProblem(rest.maxAttempts, `${where}: maxAttempts`),
    durationProblem(rest.timeoutMs, `${where}: timeoutMs`),
    labelsProblem(rest.requires, `${where}: requires`),
    typeof rest.backoff === "function" ? undefined : backoffProblem(rest.backoff, `${where}: backoff`),
    input === undefined || typeof input["~standard"]?.validate === "function"
      ? undefined
      : `${where}: input must be a Standard Schema (zod, valibot, arktype …)`,
  ]);
  return Object.freeze({ kind, input, queue, options: Object.freeze(rest) });
}

const DEFINITION_KEYS = ["input", "queue", "priority", "maxAttempts", "timeoutMs", "backoff", "requires"] as const;

/**
 * The payload as its schema makes it.
 * @throws InputError `payload_invalid`, naming the field; at once where the schema is synchronous
 */
export function checkPayload(definition: JobDefinition, payload: unknown): unknown {
  const schema = definition.input;
  if (schema === undefined) return payload;
  const verdict = schema["~standard"].validate(payload);
  return verdict instanceof Promise ? verdict.then((late) => accept(definition, late)) : accept(definition, verdict);
}

function accept(definition: JobDefinition, verdict: StandardSchemaV1.Result<unknown>): unknown {
  if (verdict.issues === undefined) return verdict.value;
  const fields = verdict.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
  const told = fields.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new InputError("payload_invalid", `the payload of "${definition.kind}" is wrong: ${told.join("; ")}`, {
    details: { kind: definition.kind, fields },
  });
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const parts = issue.path ?? [];
  return parts.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}
