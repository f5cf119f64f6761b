import * as errors from "../../packages/millrace/src/core/errors.ts";
import type { ErrorCode, MillraceError } from "../../packages/millrace/src/core/errors.ts";
import { EXIT_CODES } from "../../packages/millrace/src/cli/exit-codes.ts";
import { Source } from "./doc-comments.ts";
import { code, table } from "./markdown.ts";

interface CodeEntry {
  /** One such error, to see its class and whether it can be retried; `null` when nothing raises it yet. */
  readonly sample: MillraceError | null;
  readonly when: string;
}

/** A new code does not compile until it is described. */
const CODES = {
  options_invalid: {
    sample: new errors.OptionsError(""),
    when: "An option is wrong or unknown. `details.problems` lists all of them.",
  },
  request_invalid: {
    sample: new errors.InputError("request_invalid", ""),
    when: "A call was given something wrong: an option, a name, a cron rule, a value without a JSON form.",
  },
  payload_too_large: {
    sample: new errors.InputError("payload_too_large", ""),
    when: "A payload or a result has more than 1 MiB of JSON.",
  },
  payload_invalid: {
    sample: new errors.InputError("payload_invalid", ""),
    when: "The payload does not fit the schema of its definition. `details.fields` names the fields.",
  },
  kind_unknown: { sample: new errors.InputError("kind_unknown", ""), when: "Reserved." },
  job_not_found: {
    sample: new errors.NotFoundError("job_not_found", ""),
    when: "There is no job of this id or number.",
  },
  queue_not_found: {
    sample: new errors.NotFoundError("queue_not_found", ""),
    when: "There is no queue of this name (command line).",
  },
  schedule_not_found: {
    sample: new errors.NotFoundError("schedule_not_found", ""),
    when: "There is no schedule of this name.",
  },
  worker_not_found: {
    sample: new errors.NotFoundError("worker_not_found", ""),
    when: "There is no remote worker of this id, or it was silent for too long. It registers again.",
  },
  key_not_found: {
    sample: new errors.NotFoundError("key_not_found", ""),
    when: "There is no API key of this id.",
  },
  artifact_not_found: {
    sample: new errors.NotFoundError("artifact_not_found", ""),
    when: "The job has no artifact of this name (server).",
  },
  webhook_not_found: {
    sample: new errors.NotFoundError("webhook_not_found", ""),
    when: "There is no webhook of this id (server).",
  },
  state_conflict: {
    sample: new errors.ConflictError("state_conflict", ""),
    when: "The job's state does not allow it: cancelling what has completed or failed, retrying what has not ended; numbers that would go back; a `tx` without a transaction. `details` has the state.",
  },
  duplicate_job: {
    sample: new errors.ConflictError("duplicate_job", ""),
    when: "A live job has this key and another payload. `details.job` is its id.",
  },
  unauthenticated: {
    sample: new errors.AccessError("unauthenticated", ""),
    when: "The key is missing, not known, or no longer good (server).",
  },
  forbidden: {
    sample: new errors.AccessError("forbidden", ""),
    when: "The key's role may not do this (server).",
  },
  store_busy: {
    sample: new errors.StoreError("store_busy", ""),
    when: "Another process held the write lock for 5 s, or a call was too large to finish in 10 s. Nothing of the call was kept.",
  },
  store_unavailable: {
    sample: new errors.StoreError("store_unavailable", ""),
    when: "The file cannot be opened, read or written; the disk is full. Nothing of the call was kept, unless the disk failed while it was being written.",
  },
  store_corrupt: {
    sample: new errors.StoreError("store_corrupt", ""),
    when: "The file is no SQLite database, or is damaged.",
  },
  schema_too_old: {
    sample: new errors.StoreError("schema_too_old", ""),
    when: "The schema lacks steps and the store was opened with `migrate: false`.",
  },
  schema_too_new: {
    sample: new errors.StoreError("schema_too_new", ""),
    when: "The file was written by a newer Millrace.",
  },
  lease_lost: {
    sample: new errors.LeaseLostError(""),
    when: "The lease of the attempt is gone. Reason of a handler's signal; also thrown by `ctx.complete()` and by enqueues through `ctx.mill`.",
  },
  attempt_timeout: {
    sample: new errors.AttemptTimeoutError(1),
    when: "Reason of a handler's signal: the time limit has passed.",
  },
  cancel_requested: {
    sample: new errors.CancelledError(null),
    when: "Reason of a handler's signal: the job was cancelled.",
  },
  shutting_down: {
    sample: new errors.ShutdownError(""),
    when: "Reason of a handler's signal: the worker is stopping. Also for calls on a client that is closed.",
  },
  wait_timeout: { sample: new errors.WaitTimeoutError(""), when: "`wait()` ran out of time. The job goes on." },
  invariant_broken: {
    sample: new errors.InvariantError(""),
    when: "A bug in Millrace. Please report it with its `details`.",
  },
} as const satisfies Record<ErrorCode, CodeEntry>;

export function errorsPage(): string {
  const source = new Source("core/errors.ts");
  const entries = Object.entries(CODES) as [ErrorCode, CodeEntry][];
  const classes = [...new Set(entries.flatMap(([, { sample }]) => (sample === null ? [] : [sample.name])))];
  return `# Errors

Whatever Millrace throws is a \`MillraceError\` with \`code\`, \`retryable\`, \`details\` and, where there is one, \`cause\`.
Branch on the code; messages are for people and change. \`isMillraceError(error)\` recognises one, also when two copies
of the package are installed.

What a handler throws is none of these: it is kept on the attempt as data (\`name\`, \`message\`, \`permanent\`, \`attempt\`).

${table(
  ["code", "class", "retryable", "exit code", "when"],
  entries.map(([name, { sample, when }]) => [
    code(name),
    sample === null ? "" : code(sample.name),
    sample?.retryable === true ? "yes" : "",
    String(EXIT_CODES[name]),
    when,
  ]),
)}

*Retryable*: the same call may succeed later, unchanged. *Exit code*: what \`millrace\` ends with, all of them below.

## Classes

${table(
  ["class", "what it says"],
  ["MillraceError", ...classes, "PermanentError"].map((name) => [
    code(name),
    source.docOf(name).text || "What was asked for is not there.",
  ]),
)}

## Exit codes of the command line

${table(["code", "meaning"], EXITS)}
`;
}

const EXITS: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "the answer is no: a job failed under `--wait`, a script failed, `doctor` found a problem"],
  ["2", "wrong usage or configuration"],
  ["3", "not known: a wait ran out of time"],
  ["4", "not found"],
  ["5", "conflict"],
  ["6", "not allowed: a server refuses the key, or what it may do"],
  ["7", "the store is unavailable"],
  ["70", "an invariant is broken: a bug, or what `verify` found"],
];
