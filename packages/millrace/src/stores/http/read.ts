import { isMillraceError } from "../../core/errors.ts";
import type { AttemptRecord, Job, JobId } from "../../core/job.ts";
import type { LogLine } from "../../core/log-line.ts";
import type { JobCounts, JobFilter as StoreFilter, JobPage, JobSituation, JobStore } from "../../core/store.ts";
import type { JobFilter } from "../../http/api/client.ts";
import { inPortions, MOST_AT_ONCE } from "./portions.ts";
import type { Server } from "./server.ts";
import { attemptOf, dateOf, jobOf } from "./wire-job.ts";

/** Requests that are under way at once, when many jobs are read. */
const AT_ONCE = 16;

type Reads = Pick<JobStore, "get" | "ended" | "findByNumber" | "list" | "counts" | "attempts" | "logs" | "explain">;

/** What is read of jobs. The organisation is that of the key, whatever is asked for. */
export function reads({ client, transport }: Server): Reads {
  async function get(id: JobId): Promise<Job | null> {
    const job = await client.get(id);
    return job === null ? null : jobOf(job);
  }

  return {
    async get(ids): Promise<readonly (Job | null)[]> {
      const jobs: (Job | null)[] = [];
      for (let i = 0; i < ids.length; i += AT_ONCE)
        jobs.push(...(await Promise.all(ids.slice(i, i + AT_ONCE).map(get))));
      return jobs;
    },

    async ended(ids): Promise<readonly boolean[]> {
      return inPortions(
        ids,
        (id) => id.length,
        async (portion) => {
          const call = { method: "POST", path: "/v1/jobs/ended", body: { ids: portion }, isRepeatable: true } as const;
          return (await transport.send<{ readonly ended: readonly boolean[] }>(call)).ended;
        },
      );
    },

    async findByNumber(_, scope, number): Promise<Job | null> {
      const job = await client.find({ scope, number });
      return job === null ? null : jobOf(job);
    },

    async list(filter, page): Promise<JobPage> {
      const { jobs, nextCursor } = await client.list(filterOf(filter), page);
      return { jobs: jobs.map(jobOf), nextCursor };
    },

    async counts(filter): Promise<JobCounts> {
      return client.counts(filterOf(filter));
    },

    async attempts(id): Promise<readonly AttemptRecord[]> {
      return (await orGone(client.attempts(id), [])).map(attemptOf);
    },

    async logs(id, { after, limit }): Promise<readonly LogLine[]> {
      const lines: LogLine[] = [];
      while (lines.length < limit) {
        const asked = Math.min(limit - lines.length, MOST_AT_ONCE);
        const read = client.logs(id, { after: lines.at(-1)?.sequence ?? after, limit: asked });
        const page = await orGone(read, { lines: [], next: 0 });
        lines.push(...page.lines.map(({ at, ...line }) => ({ ...line, at: new Date(at) })));
        if (page.lines.length < asked) break;
      }
      return lines;
    },

    async explain(id): Promise<JobSituation | null> {
      const explained = await orGone(client.explain(id), null);
      if (explained === null) return null;
      const { job, facts } = explained;
      const { attemptStartedAt, leaseUntil, warnedAt, ...rest } = facts;
      const at = {
        attemptStartedAt: dateOf(attemptStartedAt),
        leaseUntil: dateOf(leaseUntil),
        warnedAt: dateOf(warnedAt),
      };
      return { ...rest, ...at, job: jobOf(job) };
    },
  };
}

/** What is asked of a job that is not there has an answer, too. */
async function orGone<T, Otherwise>(asked: Promise<T>, otherwise: Otherwise): Promise<T | Otherwise> {
  try {
    return await asked;
  } catch (error) {
    if (isMillraceError(error) && error.code === "job_not_found") return otherwise;
    throw error;
  }
}

function filterOf({ org: _org, ...filter }: StoreFilter): JobFilter {
  return filter as JobFilter;
}
