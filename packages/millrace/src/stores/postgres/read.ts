import type { AttemptRecord, Job, JobId } from "../../core/job.ts";
import { attemptFromRow, jobFromRow, type AttemptRow, type JobRow } from "../sql/job-row.ts";
import { textArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const JOBS_BY_ID: NamedSql = {
  name: "READ_JOBS",
  // One look into the view for each id, whatever the planner thinks of the tables: OFFSET keeps it from joining otherwise.
  sql: `SELECT v.* FROM unnest($1::text::text[]) AS u (id)
        CROSS JOIN LATERAL (SELECT * FROM millrace.job_now n WHERE n.id = u.id OFFSET 0) v`,
};
const ENDED: NamedSql = {
  name: "READ_ENDED",
  sql: `SELECT u.id FROM unnest($1::text::text[]) AS u (id)
        CROSS JOIN LATERAL (SELECT j.seq FROM millrace.job j WHERE j.id = u.id OFFSET 0) j
        CROSS JOIN LATERAL (SELECT FROM millrace.done d WHERE d.job = j.seq OFFSET 0) d`,
};
const JOB_BY_ID: NamedSql = { name: "READ_JOB", sql: `SELECT * FROM millrace.job_now WHERE id = $1::text` };
const JOB_BY_NUMBER: NamedSql = {
  name: "READ_JOB_BY_NUMBER",
  sql: `SELECT * FROM millrace.job_now WHERE seq = (
          SELECT j.seq FROM millrace.job j WHERE j.number = $3::text::bigint
            AND j.scope = (SELECT c.id FROM millrace.counter c WHERE c.org = $1::text AND c.scope = $2::text))`,
};
const ATTEMPTS: NamedSql = {
  name: "READ_ATTEMPTS",
  sql: `SELECT a.* FROM millrace.attempt a WHERE a.job = (SELECT j.seq FROM millrace.job j WHERE j.id = $1::text)
        ORDER BY a.token`,
};

/** Jobs in the order of their ids; `null` where there is none. */
export async function readJobs(session: Session, ids: readonly JobId[]): Promise<readonly (Job | null)[]> {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) {
    const row = await session.get<JobRow>(JOB_BY_ID, only);
    return [row === undefined ? null : jobFromRow(row)];
  }
  const rows = await session.all<JobRow>(JOBS_BY_ID, textArray([...new Set(ids)]));
  const byId = new Map<JobId, Job>(rows.map((row) => [row.id, jobFromRow(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** For each id whether its job has ended. */
export async function endedAmong(session: Session, ids: readonly JobId[]): Promise<readonly boolean[]> {
  const rows = await session.all<{ id: JobId }>(ENDED, textArray(ids));
  const ended = new Set(rows.map((row) => row.id));
  return ids.map((id) => ended.has(id));
}

export async function readJobByNumber(
  session: Session,
  org: string,
  scope: string,
  number: number,
): Promise<Job | null> {
  const row = await session.get<JobRow>(JOB_BY_NUMBER, org, scope, number);
  return row === undefined ? null : jobFromRow(row);
}

export async function readAttempts(session: Session, id: JobId): Promise<readonly AttemptRecord[]> {
  return (await session.all<AttemptRow>(ATTEMPTS, id)).map(attemptFromRow);
}
