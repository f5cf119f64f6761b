import type { AttemptRecord, Job, JobId } from "../../core/job.ts";
import { InvariantError } from "../../core/errors.ts";
import { attemptFromRow, jobFromRow, type AttemptRow, type JobRow } from "../sql/job-row.ts";
import type { NamedSql, Session } from "./session.ts";

const JOBS_BY_ID: NamedSql = {
  name: "READ_JOBS",
  // CROSS JOIN keeps the order of the loops: the list is short, the view is not.
  sql: `SELECT v.* FROM json_each(?) e CROSS JOIN millrace_jobs v ON v.id = e.value`,
};
const ENDED: NamedSql = {
  name: "READ_ENDED",
  sql: `SELECT j.id FROM json_each(?) e CROSS JOIN millrace_job j ON j.id = e.value
        CROSS JOIN millrace_done d ON d.job = j.seq`,
};
const JOB_BY_ID: NamedSql = { name: "READ_JOB", sql: `SELECT * FROM millrace_jobs WHERE id = ?` };
const JOB_BY_NUMBER: NamedSql = {
  name: "READ_JOB_BY_NUMBER",
  sql: `SELECT v.* FROM millrace_counter c
        CROSS JOIN millrace_job j ON j.scope = c.id AND j.number = ?3
        CROSS JOIN millrace_jobs v ON v.seq = j.seq
        WHERE c.org = ?1 AND c.scope = ?2`,
};
const ATTEMPTS: NamedSql = {
  name: "READ_ATTEMPTS",
  sql: `SELECT a.* FROM millrace_attempt a JOIN millrace_job j ON j.seq = a.job WHERE j.id = ? ORDER BY a.token`,
};

/** Jobs in the order of their ids; `null` where there is none. */
export function readJobs(session: Session, ids: readonly JobId[]): readonly (Job | null)[] {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) {
    const row = session.get<JobRow>(JOB_BY_ID, only);
    return [row === undefined ? null : jobFromRow(row)];
  }
  const byId = new Map<JobId, Job>();
  for (const row of session.all<JobRow>(JOBS_BY_ID, JSON.stringify(ids))) byId.set(row.id, jobFromRow(row));
  return ids.map((id) => byId.get(id) ?? null);
}

/** For each id whether its job has ended. */
export function endedAmong(session: Session, ids: readonly JobId[]): readonly boolean[] {
  const ended = new Set(session.all<{ id: JobId }>(ENDED, JSON.stringify(ids)).map((row) => row.id));
  return ids.map((id) => ended.has(id));
}

/** A job that is known to be there. */
export function readJob(session: Session, id: JobId): Job {
  const [job] = readJobs(session, [id]);
  if (job === undefined || job === null) throw new InvariantError(`the job ${id} is gone`);
  return job;
}

export function readJobByNumber(session: Session, org: string, scope: string, number: number): Job | null {
  const row = session.get<JobRow>(JOB_BY_NUMBER, org, scope, number);
  return row === undefined ? null : jobFromRow(row);
}

export function readAttempts(session: Session, id: JobId): readonly AttemptRecord[] {
  return session.all<AttemptRow>(ATTEMPTS, id).map(attemptFromRow);
}
