import type { JobEvent, JobEventType } from "../../core/event.ts";
import { InputError } from "../../core/errors.ts";
import type { JobId } from "../../core/job.ts";
import type { NamedSql, Session } from "./session.ts";

const ADD: NamedSql = { name: "EVENT_ADD", sql: `INSERT INTO millrace_event (at, type, jobs) VALUES (?, ?, ?)` };
const LAST: NamedSql = { name: "EVENT_LAST", sql: `SELECT coalesce(max(id), 0) AS id FROM millrace_event` };

/** Entries behind the cursor: a row of the journal names many jobs, ?2 is how many of the first row are known. */
const AFTER: NamedSql = {
  name: "EVENT_AFTER",
  sql: `SELECT v.id, v.at, v.type, e.key AS place, j.id AS job, j.number, c.scope, q.name AS queue, q.org, j.kind, j.created_by
        FROM millrace_event v
        CROSS JOIN json_each(v.jobs) e
        CROSS JOIN millrace_job j ON j.seq = e.value
        CROSS JOIN millrace_counter c ON c.id = j.scope
        CROSS JOIN millrace_lane l ON l.id = j.lane
        CROSS JOIN millrace_queue q ON q.id = l.queue
        WHERE v.id >= ?1 AND (v.id > ?1 OR e.key > ?2) AND q.org = ?3
        ORDER BY v.id, e.key LIMIT ?4`,
};

interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly type: JobEventType;
  readonly place: number;
  readonly job: JobId;
  readonly number: number | null;
  readonly scope: string;
  readonly queue: string;
  readonly kind: string;
  readonly created_by: string | null;
}

/** Write down what the transaction did; the last thing it does. */
export function writeJournal(session: Session): void {
  for (const { type, jobs } of session.takeJournal()) session.run(ADD, session.now(), type, JSON.stringify(jobs));
}

/** As `Store.events`. */
export function readEvents(
  session: Session,
  org: string,
  after: string | null,
  limit: number,
): { readonly events: readonly JobEvent[]; readonly cursor: string } {
  if (after === null) return { events: [], cursor: `${(session.get<{ id: number }>(LAST)?.id ?? 0) + 1}.-1` };
  const parts = /^(\d{1,15})\.(-1|\d{1,9})$/.exec(after);
  if (parts === null) throw new InputError("request_invalid", `"${after}" is no cursor of events`);
  const rows = session.all<EventRow>(AFTER, Number(parts[1]), Number(parts[2]), org, limit);
  const events = rows.map(({ id, place, at, ...event }) => ({
    cursor: `${id}.${place}`,
    type: event.type,
    at: new Date(at),
    job: event.job,
    number: event.number,
    scope: event.scope,
    queue: event.queue,
    kind: event.kind,
    createdBy: event.created_by,
  }));
  return { events, cursor: events.at(-1)?.cursor ?? after };
}
