import type {
  ApiKeyRecord,
  ArtifactRecord,
  CounterRecord,
  EarlierAttemptRecord,
  JobRecord,
  LateReportRecord,
  LogLineRecord,
  QueueRecord,
  Refusal,
  ScheduleRecord,
  TransferRecord,
  WebhookRecord,
} from "../../core/transfer.ts";
import { duplicateProblem, missingProblem, ruleProblem } from "../sql/transfer-problem.ts";
import { booleanArray, numberArray } from "./arrays.ts";
import { codeOf } from "./errors.ts";
import { readEvents } from "./events.ts";
import type { Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";
import { jsonOf, numbers, rowsOf, texts, UnfitRecord } from "./transfer-columns.ts";
import { writeJobs } from "./transfer-jobs.ts";

const ADD_QUEUES: NamedSql = {
  name: "IMPORT_QUEUES",
  sql: `INSERT INTO millrace.queue (org, name, paused_at, settings)
        SELECT v.org, v.name, v.paused_at, v.settings
        FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::text[])
          WITH ORDINALITY AS v (org, name, paused_at, settings, place) ORDER BY v.place`,
};
const ADD_COUNTERS: NamedSql = {
  name: "IMPORT_COUNTERS",
  sql: `INSERT INTO millrace.counter (org, scope, last, has_holes)
        SELECT v.org, v.scope, v.last, v.has_holes
        FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::boolean[])
          WITH ORDINALITY AS v (org, scope, last, has_holes, place) ORDER BY v.place`,
};
const ADD_SCHEDULES: NamedSql = {
  name: "IMPORT_SCHEDULES",
  sql: `INSERT INTO millrace.schedule (org, name, cron, time_zone, request, next_at, last_at)
        SELECT * FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[],
          $6::text::bigint[], $7::text::bigint[])`,
};
/** For each id its row, in order; NULL where there is none. */
const FIND_JOBS: NamedSql = {
  name: "IMPORT_FIND_JOBS",
  sql: `SELECT j.seq AS id FROM unnest($1::text::text[]) WITH ORDINALITY AS v (id, place)
        LEFT JOIN millrace.job j ON ${lookUp("j.id", "v.id")} ORDER BY v.place`,
};
const ADD_ATTEMPTS: NamedSql = {
  name: "IMPORT_ATTEMPTS",
  sql: `INSERT INTO millrace.attempt (job, token, attempt, ending, worker, started_at, ended_at, error)
        SELECT * FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::integer[], $4::text::text[], $5::text::text[],
          $6::text::bigint[], $7::text::bigint[], $8::text::text[])`,
};
const ADD_LOGS: NamedSql = {
  name: "IMPORT_LOGS",
  sql: `INSERT INTO millrace.log (job, sequence, at, stream, attempt, text)
        SELECT * FROM unnest($1::text::bigint[], $2::text::integer[], $3::text::bigint[], $4::text::text[], $5::text::integer[],
          $6::text::text[])`,
};
const ADD_API_KEYS: NamedSql = {
  name: "IMPORT_API_KEYS",
  sql: `INSERT INTO millrace.api_key (id, org, name, role, digest, created_by, created_at, revoked_at)
        SELECT * FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[],
          $6::text::text[], $7::text::bigint[], $8::text::bigint[])`,
};
/** They begin at the present of this store. */
const ADD_WEBHOOKS: NamedSql = {
  name: "IMPORT_WEBHOOKS",
  sql: `INSERT INTO millrace.webhook (id, org, url, events, sealed, cursor, created_by, created_at)
        SELECT v.id, v.org, v.url, v.events, v.sealed, $1::text, v.created_by, v.created_at
        FROM unnest($2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[],
          $7::text::text[], $8::text::bigint[]) AS v (id, org, url, events, sealed, created_by, created_at)`,
};
const ADD_ARTIFACTS: NamedSql = {
  name: "IMPORT_ARTIFACTS",
  sql: `INSERT INTO millrace.artifact (job, name, size, sha256, content_type, created_by, created_at, place)
        SELECT * FROM unnest($1::text::bigint[], $2::text::text[], $3::text::bigint[], $4::text::text[], $5::text::text[],
          $6::text::text[], $7::text::bigint[], $8::text::text[])`,
};

const ADD_LATE_REPORTS: NamedSql = {
  name: "IMPORT_LATE_REPORTS",
  sql: `INSERT INTO millrace.late_report (job, token, at, sent_by, report)
        SELECT * FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::bigint[], $4::text::text[], $5::text::text[])`,
};

/**
 * Write a page of records: a few statements for all of them. When one of them does not fit, all is taken back and each
 * is written by itself, to tell which.
 */
export async function writeRecords(session: Session, records: readonly TransferRecord[]): Promise<Refusal | null> {
  if ((await inSavepoint(session, records)) === null) return null;
  for (const [index, record] of records.entries()) {
    const problem = await inSavepoint(session, [record]);
    if (problem !== null) return { index, problem };
  }
  return null;
}

async function inSavepoint(session: Session, records: readonly TransferRecord[]): Promise<string | null> {
  await session.adHoc("SAVEPOINT millrace_import", []);
  try {
    for (const run of runsOf(records)) await writeRun(session, run);
    await session.adHoc("RELEASE SAVEPOINT millrace_import", []);
    return null;
  } catch (error) {
    const problem = problemOf(error, records);
    if (problem === null) throw error;
    await session.adHoc("ROLLBACK TO SAVEPOINT millrace_import", []);
    return problem;
  }
}

/** Values out of range and broken constraints are about a record; what else fails is not. */
function problemOf(error: unknown, [record]: readonly TransferRecord[]): string | null {
  if (error instanceof UnfitRecord) return error.message;
  const code = codeOf(error);
  if (record === undefined || !(error instanceof Error) || !(code.startsWith("22") || code.startsWith("23")))
    return null;
  const constraint = "constraint" in error ? error.constraint : undefined;
  return code === "23505" ? duplicateProblem(record, constraint === "job_by_number") : ruleProblem(error.message);
}

/** Neighbours of one type. */
function runsOf(records: readonly TransferRecord[]): readonly TransferRecord[][] {
  const runs: TransferRecord[][] = [];
  for (const record of records) {
    const run = runs.at(-1);
    if (run?.[0]?.type === record.type) run.push(record);
    else runs.push([record]);
  }
  return runs;
}

async function writeRun(session: Session, run: readonly TransferRecord[]): Promise<void> {
  switch (run[0]?.type) {
    case "queue":
      return writeQueues(session, run as readonly QueueRecord[]);
    case "counter":
      return writeCounters(session, run as readonly CounterRecord[]);
    case "schedule":
      return writeSchedules(session, run as readonly ScheduleRecord[]);
    case "apiKey":
      return writeApiKeys(session, run as readonly ApiKeyRecord[]);
    case "webhook":
      return writeWebhooks(session, run as readonly WebhookRecord[]);
    case "job":
      return writeJobs(session, run as readonly JobRecord[]);
    case "attempt":
      return writeAttempts(session, run as readonly EarlierAttemptRecord[]);
    case "log":
      return writeLogs(session, run as readonly LogLineRecord[]);
    case "artifact":
      return writeArtifacts(session, run as readonly ArtifactRecord[]);
    case "lateReport":
      return writeLateReports(session, run as readonly LateReportRecord[]);
    case undefined:
      return;
  }
}

async function writeQueues(session: Session, list: readonly QueueRecord[]): Promise<void> {
  const settings = texts(list, (each) => JSON.stringify(each.settings));
  const paused = numbers(list, ({ pausedAt }) => pausedAt);
  await session.run(
    ADD_QUEUES,
    texts(list, ({ org }) => org),
    texts(list, ({ name }) => name),
    paused,
    settings,
  );
}

async function writeCounters(session: Session, list: readonly CounterRecord[]): Promise<void> {
  const scopes = texts(list, ({ scope }) => scope);
  const holes = booleanArray(list.map(({ hasHoles }) => hasHoles));
  await session.run(
    ADD_COUNTERS,
    texts(list, ({ org }) => org),
    scopes,
    numbers(list, ({ last }) => last),
    holes,
  );
}

async function writeSchedules(session: Session, list: readonly ScheduleRecord[]): Promise<void> {
  await session.run(
    ADD_SCHEDULES,
    texts(list, ({ org }) => org),
    texts(list, ({ name }) => name),
    texts(list, ({ cron }) => cron),
    texts(list, ({ timeZone }) => timeZone),
    texts(list, ({ request }) => JSON.stringify(request)),
    numbers(list, ({ nextAt }) => nextAt),
    numbers(list, ({ lastAt }) => lastAt),
  );
}

async function writeApiKeys(session: Session, list: readonly ApiKeyRecord[]): Promise<void> {
  await session.run(
    ADD_API_KEYS,
    texts(list, ({ id }) => id),
    texts(list, ({ org }) => org),
    texts(list, ({ name }) => name),
    texts(list, ({ role }) => role),
    texts(list, ({ digest }) => digest),
    texts(list, ({ createdBy }) => createdBy),
    numbers(list, ({ createdAt }) => createdAt),
    numbers(list, ({ revokedAt }) => revokedAt),
  );
}

async function writeWebhooks(session: Session, list: readonly WebhookRecord[]): Promise<void> {
  const { cursor } = await readEvents(session, list[0]?.org ?? "", null, 1);
  await session.run(
    ADD_WEBHOOKS,
    cursor,
    texts(list, ({ id }) => id),
    texts(list, ({ org }) => org),
    texts(list, ({ url }) => url),
    texts(list, ({ events }) => jsonOf(events)),
    texts(list, ({ sealed }) => sealed),
    texts(list, ({ createdBy }) => createdBy),
    numbers(list, ({ createdAt }) => createdAt),
  );
}

async function writeArtifacts(session: Session, list: readonly ArtifactRecord[]): Promise<void> {
  const jobs = await jobsOf(session, list);
  await session.run(
    ADD_ARTIFACTS,
    numberArray(jobs),
    texts(list, ({ name }) => name),
    numbers(list, ({ size }) => size),
    texts(list, ({ sha256 }) => sha256),
    texts(list, ({ contentType }) => contentType),
    texts(list, ({ createdBy }) => createdBy),
    numbers(list, ({ createdAt }) => createdAt),
    texts(list, ({ place }) => place),
  );
}

async function writeLateReports(session: Session, list: readonly LateReportRecord[]): Promise<void> {
  const jobs = await jobsOf(session, list);
  await session.run(
    ADD_LATE_REPORTS,
    numberArray(jobs),
    numbers(list, ({ token }) => token),
    numbers(list, ({ at }) => at),
    texts(list, ({ by }) => by),
    texts(list, ({ report }) => report),
  );
}

async function writeAttempts(session: Session, list: readonly EarlierAttemptRecord[]): Promise<void> {
  const jobs = await jobsOf(session, list);
  await session.run(
    ADD_ATTEMPTS,
    numberArray(jobs),
    numbers(list, ({ token }) => token),
    numbers(list, ({ attempt }) => attempt),
    texts(list, ({ ending }) => ending),
    texts(list, ({ worker }) => worker),
    numbers(list, ({ startedAt }) => startedAt),
    numbers(list, ({ endedAt }) => endedAt),
    texts(list, ({ error }) => jsonOf(error)),
  );
}

async function writeLogs(session: Session, list: readonly LogLineRecord[]): Promise<void> {
  const jobs = await jobsOf(session, list);
  await session.run(
    ADD_LOGS,
    numberArray(jobs),
    numbers(list, ({ sequence }) => sequence),
    numbers(list, ({ at }) => at),
    texts(list, ({ stream }) => stream),
    numbers(list, ({ attempt }) => attempt),
    texts(list, ({ text }) => text),
  );
}

async function jobsOf(session: Session, list: readonly { readonly job: string }[]): Promise<readonly number[]> {
  return rowsOf(session, FIND_JOBS, [texts(list, ({ job }) => job)], (i) => missingProblem("job", list[i]?.job ?? ""));
}
