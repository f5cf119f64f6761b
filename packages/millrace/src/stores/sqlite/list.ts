import { InputError } from "../../core/errors.ts";
import { JOB_STATES, STATES, type JobState } from "../../core/states.ts";
import type { JobCounts, JobFilter, JobPage } from "../../core/store.ts";
import { jobFromRow, type JobRow } from "../sql/job-row.ts";
import type { Session } from "./session.ts";

type Value = string | number;

interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** As `Store.list`: newest first, read from the narrowest table that the filter allows. */
export function listJobs(
  session: Session,
  filter: JobFilter,
  page: { readonly limit: number; readonly cursor: string | null },
): JobPage {
  const conditions = conditionsOf(session, filter);
  if (page.cursor !== null) conditions.push({ sql: "j.seq < ?", values: [seqFromCursor(page.cursor)] });
  const state = typeof filter.state === "string" ? filter.state : undefined;
  const source = state === undefined ? "millrace_job j" : tableOf(state);
  const order = state === undefined ? "j.seq" : "t.job";
  const sql = `
    SELECT v.* FROM (
      SELECT j.seq FROM ${source} ${whereOf(conditions)} ORDER BY ${order} DESC LIMIT ?
    ) picked CROSS JOIN millrace_jobs v ON v.seq = picked.seq ORDER BY v.seq DESC`;
  const values = [...conditions.flatMap((each) => each.values), page.limit + 1];
  const rows = session.db.prepare<Value[], JobRow>(sql).all(...values);
  const kept = rows.slice(0, page.limit);
  const last = kept.at(-1);
  return {
    jobs: kept.map(jobFromRow),
    nextCursor: rows.length > page.limit && last !== undefined ? last.seq.toString(36) : null,
  };
}

/** As `Store.counts`. Without a filter each ticket table is counted by itself. */
export function countJobs(session: Session, filter: JobFilter): JobCounts {
  const conditions = conditionsOf(session, filter);
  const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
  for (const state of JOB_STATES) {
    if (filter.state !== undefined && ![filter.state].flat().includes(state)) continue;
    const where = whereOf([...conditions, ...(isDone(state) ? [{ sql: `t.state = '${state}'`, values: [] }] : [])]);
    const table = `millrace_${STATES[state].table} t`;
    const source = conditions.length === 0 ? table : `${table} CROSS JOIN millrace_job j ON j.seq = t.job`;
    const values = conditions.flatMap((each) => each.values);
    const row = session.db
      .prepare<Value[], { n: number }>(`SELECT count(*) AS n FROM ${source} ${where}`)
      .get(...values);
    counts[state] = row?.n ?? 0;
  }
  return counts;
}

function tableOf(state: JobState): string {
  const { table } = STATES[state];
  const join = `millrace_${table} t CROSS JOIN millrace_job j ON j.seq = t.job`;
  return isDone(state) ? `${join} AND t.state = '${state}'` : join;
}

function isDone(state: JobState): boolean {
  return STATES[state].table === "done";
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.map((each) => `(${each.sql})`).join(" AND ")}`;
}

function conditionsOf(session: Session, filter: JobFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: Value[]): void => void conditions.push({ sql, values });
  addPlace(session, filter, add);
  if (Array.isArray(filter.state)) {
    const list = (filter.state as readonly JobState[]).map((state) => `'${knownState(state)}'`).join(", ");
    add(`EXISTS (SELECT 1 FROM millrace_jobs s WHERE s.seq = j.seq AND s.state IN (${list}))`);
  } else if (typeof filter.state === "string") knownState(filter.state);
  if (filter.kind !== undefined) add("j.kind = ?", filter.kind);
  if (filter.group !== undefined) add(`j."group" = ?`, filter.group);
  if (filter.createdBy !== undefined) add("j.created_by = ?", filter.createdBy);
  if (filter.scope !== undefined) add("j.scope IN (SELECT id FROM millrace_counter WHERE scope = ?)", filter.scope);
  if (filter.worker !== undefined) add(OF_WORKER, filter.worker, filter.worker, filter.worker);
  if (filter.tag !== undefined) addTag(filter.tag, add);
  if (filter.q !== undefined) addSearch(filter.q, add);
  return conditions;
}

/** The worker of the running or last attempt, as `Job.worker` tells it. */
const OF_WORKER = `j.seq IN (
  SELECT job FROM millrace_running WHERE worker = ?
  UNION SELECT job FROM millrace_done WHERE worker = ?
  UNION SELECT a.job FROM millrace_attempt a WHERE a.worker = ?
    AND a.token = (SELECT max(token) FROM millrace_attempt WHERE job = a.job)
    AND a.job NOT IN (SELECT job FROM millrace_running) AND NOT EXISTS (SELECT 1 FROM millrace_done WHERE job = a.job))`;

function knownState(state: JobState): JobState {
  if (JOB_STATES.includes(state)) return state;
  throw new InputError("request_invalid", `"${state as string}" is no state; states are ${JOB_STATES.join(", ")}`);
}

/**
 * Queue and organisation, as lanes. One lane is read from its index in order; for many, walking from the newest job
 * down and asking each for its lane beats sorting all of them.
 */
function addPlace(session: Session, filter: JobFilter, add: (sql: string, ...values: Value[]) => void): void {
  if (filter.queue !== undefined) {
    const lanes = session.db
      .prepare<Value[], { id: number }>(
        `SELECT l.id FROM millrace_lane l JOIN millrace_queue q ON q.id = l.queue WHERE q.name = ?${filter.org === undefined ? "" : " AND q.org = ?"}`,
      )
      .all(filter.queue, ...(filter.org === undefined ? [] : [filter.org]))
      .map((row) => row.id);
    const [only] = lanes;
    if (lanes.length === 1 && only !== undefined) add("j.lane = ?", only);
    else add("+j.lane IN (SELECT value FROM json_each(?))", JSON.stringify(lanes));
  } else if (filter.org !== undefined) {
    const orgs = session.db.prepare<[], { org: string }>("SELECT DISTINCT org FROM millrace_queue").all();
    if (orgs.length === 1 && orgs[0]?.org === filter.org) return;
    add(
      "+j.lane IN (SELECT l.id FROM millrace_lane l JOIN millrace_queue q ON q.id = l.queue WHERE q.org = ?)",
      filter.org,
    );
  }
}

function addTag(tag: string, add: (sql: string, ...values: Value[]) => void): void {
  const at = tag.indexOf("=");
  if (at < 0) add("j.seq IN (SELECT job FROM millrace_tag WHERE name = ?)", tag);
  else add("j.seq IN (SELECT job FROM millrace_tag WHERE name = ? AND value = ?)", tag.slice(0, at), tag.slice(at + 1));
}

function addSearch(text: string, add: (sql: string, ...values: Value[]) => void): void {
  if (/^job_[0-9a-z]{3,26}$/.test(text)) {
    add("j.id >= ? AND j.id < ?", text, `${text}~`);
    return;
  }
  const like = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const fields = ["j.id", "j.kind", "coalesce(j.key, '')", `coalesce(j."group", '')`];
  add(fields.map((field) => `${field} LIKE ? ESCAPE '\\'`).join(" OR "), ...fields.map(() => like));
}

function seqFromCursor(cursor: string): number {
  const seq = /^[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN;
  if (!Number.isSafeInteger(seq)) throw new InputError("request_invalid", `"${cursor}" is no cursor of a list`);
  return seq;
}
