import { NotFoundError } from "../core/errors.ts";
import { isJobId, type Job } from "../core/job.ts";
import { nameProblem, show } from "../core/options.ts";
import type { Millrace } from "../index.ts";
import { UsageError } from "./usage-error.ts";

/** What the name of a job can be. */
export type JobName =
  | { readonly by: "id"; readonly id: Job["id"] }
  | { readonly by: "number"; readonly scope: string; readonly number: number }
  | { readonly by: "prefix"; readonly prefix: string };

export const JOB_NAME_HELP = "an id, the beginning of one, or scope#number such as mail#42";

const FORMS = [
  "job_01jd… (an id, or the beginning of one)",
  "mail#42 (a number in its scope, which is the queue unless given)",
];
const PREFIX = /^job_[0-9a-z]*$/;

/**
 * Read the name of a job. Only what stands behind a `#` is ever read as a number.
 * @throws UsageError where a number has no scope
 * @throws NotFoundError for text that cannot be the name of any job
 */
export function parseJobName(text: string): JobName {
  if (isJobId(text)) return { by: "id", id: text };
  const hash = text.lastIndexOf("#");
  if (hash > 0) return byNumber(text, text.slice(0, hash), text.slice(hash + 1));
  if (/^#?\d+$/.test(text)) {
    const digits = text.replace("#", "");
    throw new UsageError(`${show(text)} is a number without a scope; every scope has a number ${digits}`, {
      validOptions: FORMS,
      suggestion: `mail#${digits} is job ${digits} of the queue "mail"; in a shell without quotes, # must not begin a word`,
    });
  }
  if (PREFIX.test(text)) return { by: "prefix", prefix: text };
  if (text.trim() === "") throw new UsageError("the name of a job is empty", { validOptions: FORMS });
  throw new NotFoundError(
    "job_not_found",
    `no job is called ${show(text)}; a job is named by its id or the beginning of it (job_…), or by scope#number`,
  );
}

function byNumber(text: string, scope: string, digits: string): JobName {
  const number = Number(digits);
  const problem = nameProblem(scope, "the scope");
  if (problem !== undefined) throw new UsageError(`${show(text)} names no job: ${problem}`, { validOptions: FORMS });
  if (!/^[1-9]\d*$/.test(digits) || !Number.isSafeInteger(number)) {
    throw new UsageError(`${show(text)} names no job: behind the # stands a whole number from 1`, {
      validOptions: FORMS,
    });
  }
  return { by: "number", scope, number };
}

/**
 * The job that a name stands for.
 * @throws UsageError for the beginning of more than one id, naming the candidates
 * @throws NotFoundError
 */
export async function findJob(mill: Millrace, name: JobName): Promise<Job> {
  switch (name.by) {
    case "id":
      return found(await mill.get(name.id), `there is no job ${name.id}`);
    case "number":
      return found(
        await mill.find({ scope: name.scope, number: name.number }),
        `there is no job ${name.number} in the scope ${show(name.scope)}`,
      );
    case "prefix":
      return findByPrefix(mill, name.prefix);
  }
}

const PAGE = 1_000;
const SHOWN_LIMIT = 5;

async function findByPrefix(mill: Millrace, prefix: string): Promise<Job> {
  const candidates: Job[] = [];
  let cursor: string | null = null;
  do {
    // The search looks into kinds and keys as well; what counts here is how the id begins.
    const page: Awaited<ReturnType<Millrace["list"]>> = await mill.list(
      { q: prefix },
      { limit: PAGE, ...(cursor === null ? {} : { cursor }) },
    );
    candidates.push(...page.jobs.filter(({ id }) => id.startsWith(prefix)));
    cursor = page.nextCursor;
  } while (cursor !== null && candidates.length <= SHOWN_LIMIT);
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return only;
  if (only === undefined) throw new NotFoundError("job_not_found", `no id of a job begins with ${prefix}`);
  const shown = candidates.slice(0, SHOWN_LIMIT).map((job) => `${job.id} (${jobLabel(job)}, ${job.kind})`);
  const isMore = candidates.length > SHOWN_LIMIT;
  throw new UsageError(`${prefix} is the beginning of ${isMore ? "many ids" : `${candidates.length} ids`}`, {
    validOptions: isMore ? [...shown, "…"] : shown,
    suggestion: "type more of it",
  });
}

function found(job: Job | null, message: string): Job {
  if (job === null) throw new NotFoundError("job_not_found", message);
  return job;
}

/** The short name of a job: `mail#42`, or its id where it has no number. */
export function jobLabel({ id, scope, number }: Pick<Job, "id" | "scope" | "number">): string {
  return number === null ? id : `${scope}#${number}`;
}
