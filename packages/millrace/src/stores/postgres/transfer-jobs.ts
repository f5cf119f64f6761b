import type { JobRecord } from "../../core/transfer.ts";
import { keyProblem, missingProblem } from "../sql/transfer-problem.ts";
import { booleanArray, numberArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";
import { jsonOf, numbers, rowsOf, texts, UnfitRecord } from "./transfer-columns.ts";
import { writeTickets } from "./transfer-tickets.ts";

/** For each name its row, in order; NULL where there is none. */
const FIND_QUEUES: NamedSql = {
  name: "IMPORT_FIND_QUEUES",
  sql: `SELECT q.id FROM unnest($1::text::text[], $2::text::text[]) WITH ORDINALITY AS v (org, name, place)
        LEFT JOIN millrace.queue q ON ${lookUp("q.org", "v.org")} AND q.name = v.name ORDER BY v.place`,
};
const FIND_SCOPES: NamedSql = {
  name: "IMPORT_FIND_SCOPES",
  sql: `SELECT c.id FROM unnest($1::text::text[], $2::text::text[]) WITH ORDINALITY AS v (org, scope, place)
        LEFT JOIN millrace.counter c ON ${lookUp("c.org", "v.org")} AND c.scope = v.scope ORDER BY v.place`,
};
const ADD_LANES: NamedSql = {
  name: "IMPORT_LANES",
  sql: `INSERT INTO millrace.lane (id, queue, requires, fair_key)
        SELECT v.queue * 4294967296 + nextval('millrace.lane_number'), v.queue, v.requires, v.fair_key
        FROM (SELECT DISTINCT * FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[]) AS u (queue, requires, fair_key)) v
        ON CONFLICT (queue, fair_key, md5(requires)) DO NOTHING`,
};
const FIND_LANES: NamedSql = {
  name: "IMPORT_FIND_LANES",
  sql: `SELECT l.id FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[])
          WITH ORDINALITY AS v (queue, requires, fair_key, place)
        JOIN millrace.lane l ON ${lookUp("l.queue", "v.queue")} AND l.fair_key = v.fair_key AND md5(l.requires) = md5(v.requires)
        ORDER BY v.place`,
};
/** Jobs as they were, with the numbers that they have. Rows are made, and so answered, in order. */
const ADD_JOBS: NamedSql = {
  name: "IMPORT_JOBS",
  sql: `INSERT INTO millrace.job (id, lane, kind, payload, scope, number, priority, max_attempts, timeout_ms, backoff,
          run_at, key, "group", tags, created_by, retry_of, created_at, has_companion)
        SELECT v.id, v.lane, v.kind, v.payload, v.scope, v.number, v.priority, v.max_attempts, v.timeout_ms, v.backoff,
          v.run_at, v.key, v."group", v.tags, v.created_by, v.retry_of, v.created_at, v.has_companion
        FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[], $4::text::text[], $5::text::bigint[],
          $6::text::bigint[], $7::text::integer[], $8::text::integer[], $9::text::bigint[], $10::text::text[],
          $11::text::bigint[], $12::text::text[], $13::text::text[], $14::text::text[], $15::text::text[],
          $16::text::text[], $17::text::bigint[], $18::text::boolean[])
          WITH ORDINALITY AS v (id, lane, kind, payload, scope, number, priority, max_attempts, timeout_ms, backoff,
            run_at, key, "group", tags, created_by, retry_of, created_at, has_companion, place)
        ORDER BY v.place RETURNING seq`,
};
const ADD_TAGS: NamedSql = {
  name: "IMPORT_TAGS",
  sql: `INSERT INTO millrace.tag (name, value, job)
        SELECT * FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[])`,
};
/** A job that has not ended is the one its key means; of those that have ended, it does not matter which. */
const SET_KEYS: NamedSql = {
  name: "IMPORT_KEYS",
  sql: `INSERT INTO millrace.key (org, kind, key, job)
        SELECT * FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[])
        ON CONFLICT (org, kind, key) DO UPDATE SET job = excluded.job
        WHERE EXISTS (SELECT 1 FROM millrace.done d WHERE d.job = key.job)`,
};
const ADD_KEYS: NamedSql = {
  name: "IMPORT_ENDED_KEYS",
  sql: `INSERT INTO millrace.key (org, kind, key, job)
        SELECT * FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[])
        ON CONFLICT (org, kind, key) DO NOTHING`,
};
const ADD_COMPANIONS: NamedSql = {
  name: "IMPORT_COMPANIONS",
  sql: `INSERT INTO millrace.companion (job, sealed, trace)
        SELECT * FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[])`,
};

/** Jobs with their tickets, tags, keys and what travels beside them. */
export async function writeJobs(session: Session, list: readonly JobRecord[]): Promise<void> {
  const lanes = await lanesOf(session, list);
  const orgs = texts(list, ({ org }) => org);
  const scopes = await rowsOf(session, FIND_SCOPES, [orgs, texts(list, ({ scope }) => scope)], (i) =>
    missingProblem("scope", list[i]?.scope ?? ""),
  );
  const written = await session.all<{ seq: number }>(
    ADD_JOBS,
    texts(list, ({ id }) => id),
    numberArray(lanes),
    texts(list, ({ kind }) => kind),
    texts(list, ({ payload }) => payload),
    numberArray(scopes),
    numbers(list, ({ number }) => number),
    numbers(list, ({ priority }) => priority),
    numbers(list, ({ maxAttempts }) => maxAttempts),
    numbers(list, ({ timeoutMs }) => timeoutMs),
    texts(list, ({ backoff }) => jsonOf(backoff)),
    numbers(list, ({ runAt }) => runAt),
    texts(list, ({ key }) => key),
    texts(list, ({ group }) => group),
    texts(list, ({ tags }) => (Object.keys(tags).length === 0 ? null : JSON.stringify(tags))),
    texts(list, ({ createdBy }) => createdBy),
    texts(list, ({ retryOf }) => retryOf),
    numbers(list, ({ createdAt }) => createdAt),
    booleanArray(list.map(({ companion }) => companion !== null)),
  );
  const jobs = list.map((record, i) => ({ record, lane: lanes[i] ?? 0, job: written[i]?.seq ?? 0 }));
  const tags = jobs.flatMap(({ record, job }) =>
    Object.entries(record.tags).map(([name, value]) => ({ name, value, job })),
  );
  if (tags.length > 0) {
    const names = texts(tags, ({ name }) => name);
    await session.run(
      ADD_TAGS,
      names,
      texts(tags, ({ value }) => value),
      numbers(tags, ({ job }) => job),
    );
  }
  const accompanied = jobs.filter(({ record }) => record.companion !== null);
  if (accompanied.length > 0) {
    await session.run(
      ADD_COMPANIONS,
      numbers(accompanied, ({ job }) => job),
      texts(accompanied, ({ record }) => record.companion?.sealed ?? null),
      texts(accompanied, ({ record }) => record.companion?.trace ?? null),
    );
  }
  await writeTickets(session, jobs);
  await writeKeys(session, jobs);
}

/** The lane of each job; made where it is new. */
async function lanesOf(session: Session, list: readonly JobRecord[]): Promise<readonly number[]> {
  const names = [texts(list, ({ org }) => org), texts(list, ({ queue }) => queue)];
  const queues = await rowsOf(session, FIND_QUEUES, names, (i) => missingProblem("queue", list[i]?.queue ?? ""));
  const columns = [
    numberArray(queues),
    texts(list, ({ requires }) => JSON.stringify(requires)),
    texts(list, ({ fairKey }) => fairKey ?? ""),
  ];
  const found = await session.all<{ id: number }>(FIND_LANES, ...columns);
  if (found.length === list.length) return found.map(({ id }) => id);
  await session.run(ADD_LANES, ...columns);
  return (await session.all<{ id: number }>(FIND_LANES, ...columns)).map(({ id }) => id);
}

interface WrittenJob {
  readonly record: JobRecord;
  readonly job: number;
}

async function writeKeys(session: Session, jobs: readonly WrittenJob[]): Promise<void> {
  const live = new Map<string, WrittenJob>();
  const ended = new Map<string, WrittenJob>();
  for (const each of jobs) {
    const { org, kind, key, ticket } = each.record;
    if (key === null) continue;
    const place = JSON.stringify([org, kind, key]);
    if (ticket.place === "done") ended.set(place, each);
    else if (live.has(place)) throw new UnfitRecord(keyProblem(key));
    else live.set(place, each);
  }
  // First those that have ended: a live job then takes their place.
  await session.run(ADD_KEYS, ...keyColumns([...ended.values()]));
  const set = await session.run(SET_KEYS, ...keyColumns([...live.values()]));
  if (set < live.size) throw new UnfitRecord(keyProblem([...live.values()][0]?.record.key ?? ""));
}

function keyColumns(list: readonly WrittenJob[]): readonly string[] {
  return [
    texts(list, ({ record }) => record.org),
    texts(list, ({ record }) => record.kind),
    texts(list, ({ record }) => record.key),
    numbers(list, ({ job }) => job),
  ];
}
