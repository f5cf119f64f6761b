import { InputError } from "../../core/errors.ts";
import { JOB_STATES, STATES, type JobState } from "../../core/states.ts";
import type { JobCounts, JobFilter, JobPage } from "../../core/store.ts";
import { jobFromRow, type JobRow } from "../sql/job-row.ts";
import type { Bound } from "./channel.ts";
import type { Session } from "./session.ts";

/** Values of a statement that is put together, and the names they go by in it. */
class Values {
  readonly list: Bound[] = [];

  text(value: string): string {
    return `$${this.list.push(value)}::text`;
  }

  number(value: number): string {
    return `$${this.list.push(value)}::text::bigint`;
  }
}

/** A table from which jobs are read, newest first. */
interface Source {
  readonly table: string;
  /** The states of `done` that are wanted; `null` for all of a table. */
  readonly states: readonly JobState[] | null;
}

/** As `Store.list`: newest first, read from the narrowest tables that the filter allows. */
export async function listJobs(
  session: Session,
  filter: JobFilter,
  page: { readonly limit: number; readonly cursor: string | null },
): Promise<JobPage> {
  const values = new Values();
  const sources = sourcesFor(filter);
  const conditionsFor = await conditionsOf(session, filter, values);
  const before = page.cursor === null ? null : values.number(seqFromCursor(page.cursor));
  if (sources.length === 0) return { jobs: [], nextCursor: null };
  const limit = values.number(page.limit + 1);
  const branches = sources.map((source) => {
    const order = source.table === "job" ? "j.seq" : "t.job";
    const conditions = conditionsFor(source);
    const cursor = before === null ? [] : [`${order} < ${before}`];
    const where = whereOf([...conditions, ...statesOf(source), ...cursor]);
    return `(SELECT ${order} AS seq FROM ${fromOf(source, conditions)} ${where} ORDER BY ${order} DESC LIMIT ${limit})`;
  });
  const rows = await session.adHoc<JobRow>(
    `SELECT v.* FROM (
       SELECT p.seq FROM (${branches.join(" UNION ALL ")}) p ORDER BY p.seq DESC LIMIT ${limit}
     ) picked CROSS JOIN LATERAL (SELECT * FROM millrace.job_now n WHERE n.seq = picked.seq OFFSET 0) v
     ORDER BY v.seq DESC`,
    values.list,
  );
  const kept = rows.slice(0, page.limit);
  const last = kept.at(-1);
  return {
    jobs: kept.map(jobFromRow),
    nextCursor: rows.length > page.limit && last !== undefined ? last.seq.toString(36) : null,
  };
}

/** As `Store.counts`. Without a filter each ticket table is counted by itself. */
export async function countJobs(session: Session, filter: JobFilter): Promise<JobCounts> {
  const values = new Values();
  const sources = sourcesOf(wantedStates(filter) ?? JOB_STATES);
  const conditionsFor = await conditionsOf(session, filter, values);
  const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
  if (sources.length === 0) return counts;
  const branches = sources.map((source) => {
    const conditions = conditionsFor(source);
    const from = `${fromOf(source, conditions)} ${whereOf([...conditions, ...statesOf(source)])}`;
    if (source.table === "done") return `SELECT t.state, count(*) AS n FROM ${from} GROUP BY t.state`;
    const state = JOB_STATES.find((each) => STATES[each].table === source.table) ?? "";
    return `SELECT '${state}' AS state, count(*) AS n FROM ${from}`;
  });
  const rows = await session.adHoc<{ state: JobState; n: number }>(branches.join(" UNION ALL "), values.list);
  for (const { state, n } of rows) counts[state] = n;
  return counts;
}

function wantedStates(filter: JobFilter): readonly JobState[] | undefined {
  if (filter.state === undefined) return undefined;
  return [...new Set([filter.state].flat().map(knownState))];
}

function knownState(state: JobState): JobState {
  if (JOB_STATES.includes(state)) return state;
  throw new InputError("request_invalid", `"${state as string}" is no state; states are ${JOB_STATES.join(", ")}`);
}

/** Without a state all jobs are read as they are, unless their tickets are asked for something. */
function sourcesFor(filter: JobFilter): readonly Source[] {
  const wanted = wantedStates(filter) ?? (filter.worker === undefined ? undefined : JOB_STATES);
  return wanted === undefined ? [{ table: "job", states: null }] : sourcesOf(wanted);
}

/** The tables where jobs in these states have their tickets. */
function sourcesOf(states: readonly JobState[]): readonly Source[] {
  return [...new Set(states.map((state) => STATES[state].table))].map((table) => ({
    table,
    states: table === "done" ? states.filter(isDone) : null,
  }));
}

function isDone(state: JobState): boolean {
  return STATES[state].table === "done";
}

function statesOf({ states }: Source): readonly string[] {
  // All of them is no condition; and a single one is written so that the index of the unusual ones is seen to serve.
  if (states === null || states.length === JOB_STATES.filter(isDone).length) return [];
  return [states.map((state) => `t.state = '${state}'`).join(" OR ")];
}

function fromOf({ table }: Source, conditions: readonly string[]): string {
  if (table === "job") return "millrace.job j";
  return conditions.length === 0 ? `millrace.${table} t` : `millrace.${table} t JOIN millrace.job j ON j.seq = t.job`;
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.map((each) => `(${each})`).join(" AND ")}`;
}

/** What the filter asks of a job `j`, and of its ticket `t` where that is read. */
async function conditionsOf(
  session: Session,
  filter: JobFilter,
  values: Values,
): Promise<(source: Source) => readonly string[]> {
  const conditions = [...(await placeOf(session, filter, values))];
  if (filter.kind !== undefined) conditions.push(`j.kind = ${values.text(filter.kind)}`);
  if (filter.group !== undefined) conditions.push(`j."group" = ${values.text(filter.group)}`);
  if (filter.createdBy !== undefined) conditions.push(`j.created_by = ${values.text(filter.createdBy)}`);
  if (filter.scope !== undefined) {
    conditions.push(
      `j.scope = ANY (ARRAY (SELECT c.id FROM millrace.counter c WHERE c.scope = ${values.text(filter.scope)}))`,
    );
  }
  if (filter.tag !== undefined) conditions.push(taggedWith(filter.tag, values));
  if (filter.q !== undefined) conditions.push(searchFor(filter.q, values));
  if (filter.worker === undefined) return () => conditions;
  const worker = values.text(filter.worker);
  return ({ table }) => [...conditions, `${workerOf(table)} = ${worker}`];
}

/** The worker of the running or last attempt, as `Job.worker` tells it. */
function workerOf(table: string): string {
  if (table === "running" || table === "done") return "t.worker";
  return "(SELECT a.worker FROM millrace.attempt a WHERE a.job = t.job ORDER BY a.token DESC LIMIT 1)";
}

/**
 * Queue and organisation, as lanes. One lane is read from its index in order; for many, walking from the newest job
 * down and asking each for its lane beats sorting all of them. IS TRUE makes the planner do that: it keeps the list of
 * lanes a list, where it would make a join of it.
 */
async function placeOf(session: Session, { queue, org }: JobFilter, values: Values): Promise<readonly string[]> {
  if (queue === undefined) return org === undefined ? [] : ofOrg(session, org, values);
  const found = new Values();
  const lanesOf = (of: Values): string =>
    `SELECT l.id FROM millrace.lane l JOIN millrace.queue q ON q.id = l.queue
     WHERE q.name = ${of.text(queue)} ${org === undefined ? "" : `AND q.org = ${of.text(org)}`}`;
  const lanes = await session.adHoc<{ id: number }>(`${lanesOf(found)} LIMIT 2`, found.list);
  const [only] = lanes;
  if (only === undefined) return ["false"];
  return lanes.length === 1 ? [`j.lane = ${values.number(only.id)}`] : [`(j.lane IN (${lanesOf(values)})) IS TRUE`];
}

async function ofOrg(session: Session, org: string, values: Values): Promise<readonly string[]> {
  const found = new Values();
  const [orgs] = await session.adHoc<{ is_there: boolean | null; has_others: boolean | null }>(
    `SELECT bool_or(q.org = ${found.text(org)}) AS is_there, bool_or(q.org <> $1::text) AS has_others FROM millrace.queue q`,
    found.list,
  );
  if (orgs?.is_there !== true) return ["false"];
  if (orgs.has_others === false) return [];
  const lanes = `SELECT l.id FROM millrace.lane l JOIN millrace.queue q ON q.id = l.queue WHERE q.org = ${values.text(org)}`;
  return [`(j.lane IN (${lanes})) IS TRUE`];
}

function taggedWith(tag: string, values: Values): string {
  const at = tag.indexOf("=");
  const ofName = (name: string): string =>
    `j.seq IN (SELECT g.job FROM millrace.tag g WHERE g.name = ${values.text(name)}`;
  if (at < 0) return `${ofName(tag)})`;
  return `${ofName(tag.slice(0, at))} AND g.value = ${values.text(tag.slice(at + 1))})`;
}

function searchFor(text: string, values: Values): string {
  if (/^job_[0-9a-z]{3,26}$/.test(text)) return `j.id >= ${values.text(text)} AND j.id < ${values.text(`${text}~`)}`;
  const like = values.text(`%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  return ["j.id", "j.kind", "j.key", `j."group"`].map((field) => `${field} ILIKE ${like}`).join(" OR ");
}

function seqFromCursor(cursor: string): number {
  const seq = /^[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN;
  if (!Number.isSafeInteger(seq)) throw new InputError("request_invalid", `"${cursor}" is no cursor of a list`);
  return seq;
}
