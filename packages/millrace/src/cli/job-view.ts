import type { AttemptRecord, Job } from "../core/job.ts";
import { formatDuration } from "./duration.ts";
import { jobLabel } from "./job-name.ts";
import type { Output } from "./output.ts";
import { paintState } from "./palette.ts";
import type { Column } from "./table.ts";

/** Columns of a list of jobs. */
export function jobColumns(out: Output): readonly Column<Job>[] {
  return [
    { title: "ID", text: ({ id }) => id },
    { title: "NAME", text: (job) => (job.number === null ? "" : jobLabel(job)), canShrink: true },
    { title: "KIND", text: ({ kind }) => kind, canShrink: true },
    { title: "STATE", text: ({ state }) => state, style: (text, { state }) => paintState(out.palette, state, text) },
    { title: "PRIO", text: ({ priority }) => String(priority), align: "right" },
    { title: "TRY", text: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}`, align: "right" },
    { title: "CREATED", text: ({ createdAt }) => out.instant(createdAt) },
  ];
}

/** One line that says which job and how it stands. */
export function jobLine(job: Job, out: Output): string {
  const progress = job.state === "running" && job.progress !== null ? ` ${job.progress.percent}%` : "";
  const label = job.number === null ? "" : ` ${jobLabel(job)}`;
  return `${job.id}${label} ${paintState(out.palette, job.state, job.state)}${progress}`;
}

/** Everything about one job that has a value, for reading from top to bottom. */
export function jobFields(job: Job, attempts: readonly AttemptRecord[], out: Output): (readonly [string, string])[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ["id", job.id],
    ["name", job.number === null ? null : jobLabel(job)],
    ["kind", job.kind],
    ["queue", job.queue],
    ["state", stateOf(job, out)],
    ["progress", progressOf(job)],
    ["priority", job.priority === 0 ? null : String(job.priority)],
    ["attempt", `${job.attempt} of ${job.maxAttempts}`],
    ["time limit", job.timeoutMs === null ? null : formatDuration(job.timeoutMs)],
    ["group", job.group],
    ["tags", textOfTags(job.tags)],
    ["requires", job.requires.join(", ")],
    ["fair key", job.fairKey],
    ["key", job.key],
    ["created", out.instant(job.createdAt) + (job.createdBy === null ? "" : ` by ${job.createdBy}`)],
    ["due", job.state === "scheduled" ? out.instant(job.runAt) : null],
    ["started", out.instant(job.startedAt)],
    ["finished", out.instant(job.finishedAt)],
    ["worker", job.worker],
    ["retry of", job.retryOf],
    ["cancelled", cancelOf(job, out)],
    ["error", errorOf(job)],
    ["payload", jsonOf(job.payload, out)],
    ["result", job.state === "completed" ? jsonOf(job.result, out) : null],
    ...attempts.map((attempt) => [`try ${attempt.attempt}`, attemptOf(attempt, out)] as const),
  ];
  return rows.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value] as const]));
}

function stateOf(job: Job, out: Output): string {
  const isEnding = job.state === "running" && job.cancelRequestedAt !== null;
  return isEnding ? `${job.state}, cancel requested ${out.instant(job.cancelRequestedAt)}` : job.state;
}

function progressOf({ progress }: Job): string | null {
  if (progress === null) return null;
  return progress.message === null ? `${progress.percent}%` : `${progress.percent}% ${progress.message}`;
}

function textOfTags(tags: Job["tags"]): string {
  return Object.entries(tags)
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`))
    .join(", ");
}

function cancelOf(job: Job, out: Output): string | null {
  if (job.cancelledAt === null) return null;
  const by = job.cancelledBy === null ? "" : ` by ${job.cancelledBy}`;
  return `${out.instant(job.cancelledAt)}${by}${job.cancelReason === null ? "" : `: ${job.cancelReason}`}`;
}

/** `Name: message` of what a job failed with. */
export function errorOf({ error }: Pick<Job, "error">): string | null {
  return error === null ? null : `${error.name}: ${error.message}`;
}

function attemptOf({ ending, worker, startedAt, endedAt, error }: AttemptRecord, out: Output): string {
  const took = formatDuration(endedAt.getTime() - startedAt.getTime());
  const why = error === null ? "" : `: ${error.name}: ${error.message}`;
  return `${ending} ${out.instant(endedAt)} after ${took} on ${worker}${why}`;
}

/** JSON for reading: indented at a terminal, else in one line. */
export function jsonOf(value: unknown, out: Output): string {
  return JSON.stringify(value ?? null, null, out.isTerminal ? 2 : 0);
}
