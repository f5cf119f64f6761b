import type { StandardSchemaV1 } from "@standard-schema/spec";
import { backoffProblem, type BackoffFunction, type BackoffPolicy } from "./backoff.ts";
import { InputError, PermanentError } from "./errors.ts";
import {
  countProblem,
  durationProblem,
  integerProblem,
  labelsProblem,
  nameProblem,
  refuseOptions,
  show,
  unknownKeys,
  type Problem,
} from "./options.ts";

/** What `defineJob` takes besides the kind. */
export interface JobDefinitionOptions<Schema extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined> {
  /** Any Standard Schema (zod, valibot, arktype …); checked at enqueue and again before the handler. */
  readonly input?: Schema;
  /**
   * Any Standard Schema; what completes the job is checked by it, and kept as it makes it. Another result fails the job for
   * good. @default none: whatever has a JSON form
   */
  readonly output?: StandardSchemaV1;
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
  /**
   * Whether it is of no use to try again after what the handler threw; after a `PermanentError` it never is. One that throws
   * itself says no. @default always of use
   */
  readonly isPermanent?: (thrown: unknown) => boolean;
  /** Labels a worker must have. */
  readonly requires?: readonly string[];
  /**
   * Done by a person, who claims it and reports with a summary; requires the label `manual`. `timeoutMs` (five minutes unless
   * given) counts from the claim: then there is a warning, and at twice that it fails. @default false
   */
  readonly manual?: boolean;
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
    rest.manual === undefined || typeof rest.manual === "boolean"
      ? undefined
      : `${where}: manual must be true or false`,
    typeof rest.backoff === "function" ? undefined : backoffProblem(rest.backoff, `${where}: backoff`),
    schemaProblem(input, `${where}: input`),
    schemaProblem(rest.output, `${where}: output`),
    rest.isPermanent === undefined || typeof rest.isPermanent === "function"
      ? undefined
      : `${where}: isPermanent must be a function; got ${show(rest.isPermanent)}`,
  ]);
  return Object.freeze({ kind, input, queue, options: Object.freeze(rest) });
}

const DEFINITION_KEYS = [
  "input", "output", "queue", "priority", "maxAttempts", "timeoutMs", "backoff", "isPermanent", "requires", "manual",
] as const satisfies readonly (keyof JobDefinitionOptions)[]; // prettier-ignore

function schemaProblem(schema: StandardSchemaV1 | undefined, what: string): Problem {
  if (schema === undefined || typeof schema?.["~standard"]?.validate === "function") return undefined;
  return `${what} must be a Standard Schema (zod, valibot, arktype …)`;
}

/**
 * The payload as its schema makes it.
 * @throws InputError `payload_invalid`, naming the field; at once where the schema is synchronous
 */
export function checkPayload(definition: JobDefinition, payload: unknown): unknown {
  const { kind, input } = definition;
  return check(input, payload, (told, fields) => {
    const message = `the payload of "${kind}" is wrong: ${told}`;
    return new InputError("payload_invalid", message, { details: { kind, fields } });
  });
}

/**
 * The result as its schema makes it.
 * @throws PermanentError, naming the field; at once where the schema is synchronous
 */
export function checkResult({ kind, options: { output } }: JobDefinition, result: unknown): unknown {
  return check(output, result, (told) => new PermanentError(`the result of "${kind}" is wrong: ${told}`));
}

interface WrongField {
  readonly path: string;
  readonly message: string;
}

function check(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  refusal: (told: string, fields: readonly WrongField[]) => Error,
): unknown {
  if (schema === undefined) return value;
  const accept = (verdict: StandardSchemaV1.Result<unknown>): unknown => {
    if (verdict.issues === undefined) return verdict.value;
    const fields = verdict.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
    throw refusal(
      fields.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; "),
      fields,
    );
  };
  const verdict = schema["~standard"].validate(value);
  return verdict instanceof Promise ? verdict.then(accept) : accept(verdict);
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const parts = issue.path ?? [];
  return parts.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}
