import type { JobEvent, JobEventType } from "../../core/event.ts";
import { InputError } from "../../core/errors.ts";
import type { JobId } from "../../core/job.ts";
import type { Session } from "./session.ts";
import { lookUp, type NamedSql } from "./statements.ts";

const PRESENT: NamedSql = { name: "EVENT_PRESENT", sql: `SELECT pg_current_snapshot()::text AS until` };

/**
 * Entries of transactions that had not ended in the snapshot $1 and had in $2, the present one unless given, behind the
 * entry $3, element $4 (a row of the journal names many jobs). There is always a row: it says which snapshot that was.
 * Index: event_pkey (made_by, id), from the oldest transaction on that $1 did not see.
 * Why by id: it is given when an entry is written, so who has seen what another did has the higher one.
 */
const AFTER: NamedSql = {
  name: "EVENT_AFTER",
  sql: `SELECT s.until::text AS until, v.*
        FROM (
          SELECT $1::text::pg_snapshot AS since, coalesce($2::text::pg_snapshot, pg_current_snapshot()) AS until OFFSET 0
        ) s
        LEFT JOIN LATERAL (
          SELECT e.id, e.at, e.type, u.place, j.id AS job, j.number, j.scope, j.queue, j.kind, j.created_by
          FROM (
            SELECT * FROM millrace.event e
            WHERE e.made_by >= pg_snapshot_xmin(s.since) AND e.id >= $3::text::bigint
              AND NOT pg_visible_in_snapshot(e.made_by, s.since) AND pg_visible_in_snapshot(e.made_by, s.until)
            ORDER BY e.id OFFSET 0
          ) e
          CROSS JOIN LATERAL unnest(e.jobs) WITH ORDINALITY AS u (seq, place)
          CROSS JOIN LATERAL (
            SELECT j.id, j.number, c.scope, q.name AS queue, q.org, j.kind, j.created_by
            FROM millrace.job j JOIN millrace.counter c ON ${lookUp("c.id", "j.scope")}
            JOIN millrace.lane l ON ${lookUp("l.id", "j.lane")} JOIN millrace.queue q ON ${lookUp("q.id", "l.queue")}
            WHERE j.seq = u.seq OFFSET 0
          ) j
          WHERE (e.id > $3::text::bigint OR u.place > $4::text::bigint) AND j.org = $5::text
          ORDER BY e.id, u.place LIMIT $6::text::bigint
        ) v ON true
        ORDER BY v.id, v.place`,
};

interface EventRow {
  readonly until: string;
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

/**
 * How far somebody has read. Transactions do not commit in the order of their ids, so what is known is told by
 * snapshots: all that `since` sees, and of what `until` sees besides, everything up to element `place` of entry `id`.
 * Once that is read to its end, `until` is all there is to say.
 */
interface Position {
  readonly since: string;
  readonly until: string | null;
  readonly id: number;
  readonly place: number;
}

/** As `Store.events`; one or two statements. */
export async function readEvents(
  session: Session,
  org: string,
  after: string | null,
  limit: number,
): Promise<{ readonly events: readonly JobEvent[]; readonly cursor: string }> {
  if (after === null) {
    const present = await session.get<{ until: string }>(PRESENT);
    return { events: [], cursor: present?.until ?? "" };
  }
  const events: JobEvent[] = [];
  let position = positionFrom(after);
  for (;;) {
    const page = await readPage(session, org, position, limit - events.length);
    const isPresent = position.until === null;
    // From another server, of which this one holds a copy: what it counts has not happened here, so it is begun anew.
    if (isPresent && endOf(position.since) > endOf(page.until)) return { events, cursor: page.until };
    events.push(...page.events);
    if (!page.isLast || isPresent || events.length === limit) {
      return { events, cursor: events.at(-1)?.cursor ?? page.until };
    }
    position = { since: page.until, until: null, id: 0, place: 0 };
  }
}

/** What lies between two snapshots, behind a place in it. */
async function readPage(
  session: Session,
  org: string,
  { since, until: given, id: afterId, place: afterPlace }: Position,
  limit: number,
): Promise<{ readonly events: readonly JobEvent[]; readonly until: string; readonly isLast: boolean }> {
  // One more than asked for tells whether there are more.
  const rows = await session.all<EventRow | { readonly id: null; readonly until: string }>(
    AFTER,
    since,
    given,
    afterId,
    afterPlace,
    org,
    limit + 1,
  );
  const until = rows[0]?.until ?? since;
  const found = rows.filter((row): row is EventRow => row.id !== null);
  const isLast = found.length <= limit;
  const events = found.slice(0, limit).map(({ id, place, at, ...event }, i) => ({
    cursor: isLast && i === found.length - 1 ? until : `${since}/${until}/${id}.${place}`,
    type: event.type,
    at: new Date(at),
    job: event.job,
    number: event.number,
    scope: event.scope,
    queue: event.queue,
    kind: event.kind,
    createdBy: event.created_by,
  }));
  return { events, until, isLast };
}

const SNAPSHOT = /^(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)$/;
const PLACE = /^(\d{1,15})\.(\d{1,9})$/;

function positionFrom(cursor: string): Position {
  const [since, until, entry, ...rest] = cursor.split("/");
  if (since !== undefined && isSnapshot(since)) {
    if (until === undefined) return { since, until: null, id: 0, place: 0 };
    const place = PLACE.exec(entry ?? "");
    if (isSnapshot(until) && place !== null && rest.length === 0) {
      return { since, until, id: Number(place[1]), place: Number(place[2]) };
    }
  }
  throw new InputError("request_invalid", `"${cursor}" is no cursor of events`);
}

/** As the server reads one: the open transactions rise between its two bounds. */
function isSnapshot(text: string): boolean {
  const parts = SNAPSHOT.exec(text);
  if (parts === null) return false;
  const [first, end] = [BigInt(parts[1] ?? ""), BigInt(parts[2] ?? "")];
  const open = parts[3] === "" ? [] : (parts[3] ?? "").split(",").map(BigInt);
  return (
    first > 0n && first <= end && end < 2n ** 63n && open.every((id, i) => id >= (open[i - 1] ?? first) && id < end)
  );
}

function endOf(snapshot: string): bigint {
  return BigInt(SNAPSHOT.exec(snapshot)?.[2] ?? 0);
}
