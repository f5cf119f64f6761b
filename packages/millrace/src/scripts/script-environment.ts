import type { Job } from "../core/job.ts";
import { toJson } from "../core/json.ts";
import type { Secrets } from "../core/secrets.ts";

/** What a script is told of its job. */
export type ScriptJob = Pick<
  Job,
  "id" | "number" | "scope" | "queue" | "kind" | "attempt" | "maxAttempts" | "timeoutMs" | "payload"
>;

/**
 * The most of a payload that is passed in variables, as UTF-8. Linux refuses to start a program with a variable of
 * 128 KiB or more; a larger payload is on the standard input only.
 */
export const MAX_VARIABLE_BYTES = 65_536;

export interface ScriptEnvironment {
  readonly variables: NodeJS.ProcessEnv;
  /** The payload as JSON, for the standard input. */
  readonly payloadJson: string;
}

/**
 * The variables a script starts with: those given, less any `MILLRACE_…`, plus those of its job. What the worker
 * itself was started with, such as its key, is not for scripts, and the inputs of an outer job are not for an inner one.
 */
export function scriptEnvironment(
  job: ScriptJob,
  token: number,
  inherited: NodeJS.ProcessEnv,
  secrets: Secrets = {},
): ScriptEnvironment {
  const payloadJson = toJson(job.payload, "the payload");
  const kept = Object.entries(inherited).filter(([name]) => !name.startsWith("MILLRACE_"));
  const variables: NodeJS.ProcessEnv = {
    ...Object.fromEntries(kept),
    MILLRACE_JOB_ID: job.id,
    MILLRACE_NUMBER: job.number === null ? "" : String(job.number),
    MILLRACE_SCOPE: job.scope,
    MILLRACE_QUEUE: job.queue,
    MILLRACE_KIND: job.kind,
    MILLRACE_ATTEMPT: String(job.attempt),
    MILLRACE_MAX_ATTEMPTS: String(job.maxAttempts),
    MILLRACE_TOKEN: String(token),
  };
  if (Buffer.byteLength(payloadJson) <= MAX_VARIABLE_BYTES) {
    variables["MILLRACE_PAYLOAD"] = payloadJson;
    Object.assign(variables, inputVariables(job.payload));
  }
  for (const [name, value] of Object.entries(secrets)) {
    if (!value.includes("\0")) variables[`MILLRACE_JOB_SECRET_${name}`] = value;
  }
  return { variables, payloadJson };
}

/** `outDir` of the payload as `MILLRACE_INPUT_OUTDIR`: text as it is, anything else as JSON, `null` left out. */
function inputVariables(payload: unknown): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = {};
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return variables;
  let room = MAX_VARIABLE_BYTES;
  for (const [field, value] of Object.entries(payload)) {
    const name = `MILLRACE_INPUT_${field.replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase()}`;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    // A variable cannot hold a zero byte; and of two fields that come to the same name the first one has it.
    if (value === null || value === undefined || text.includes("\0") || name in variables) continue;
    room -= Buffer.byteLength(name) + Buffer.byteLength(text) + 2;
    if (room < 0) break;
    variables[name] = text;
  }
  return variables;
}
