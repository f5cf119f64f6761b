import type { Schedule } from "../../core/schedule.ts";
import type { EnqueueRequest, ScheduleFiring, StoredSchedule, UpkeepResult } from "../../core/store.ts";
import { toDate } from "../sql/job-row.ts";
import { presentAt, type Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const PUT: NamedSql = {
  name: "SCHEDULE_PUT",
  sql: `INSERT INTO millrace.schedule (org, name, cron, time_zone, request, next_at)
        VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text::bigint)
        ON CONFLICT (org, name) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
          request = excluded.request, next_at = excluded.next_at`,
};
const REMOVE: NamedSql = {
  name: "SCHEDULE_REMOVE",
  sql: `DELETE FROM millrace.schedule WHERE org = $1::text AND name = $2::text`,
};
const ALL: NamedSql = {
  name: "SCHEDULE_ALL",
  sql: `SELECT * FROM millrace.schedule WHERE org = $1::text ORDER BY name COLLATE "C"`,
};
/** Those that another process is firing right now are passed over: they are being seen to. */
const DUE: NamedSql = {
  name: "SCHEDULE_DUE",
  sql: `SELECT * FROM millrace.schedule WHERE next_at <= (SELECT ${presentAt(1)})
        ORDER BY next_at, org, name LIMIT 100 FOR UPDATE SKIP LOCKED`,
};
/** Guard: the due time. Of two processes that saw it, one finds it moved. */
const ADVANCE: NamedSql = {
  name: "SCHEDULE_ADVANCE",
  sql: `UPDATE millrace.schedule SET next_at = $4::text::bigint, last_at = $3::text::bigint
        WHERE org = $1::text AND name = $2::text AND next_at = $3::text::bigint`,
};
const NEXT: NamedSql = {
  name: "SCHEDULE_NEXT",
  sql: `SELECT min(next_at) - ${presentAt(1)} AS n FROM millrace.schedule`,
};

interface ScheduleRow {
  readonly org: string;
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly request: string;
  readonly next_at: number | null;
  readonly last_at: number | null;
}

export async function putSchedule(session: Session, schedule: Omit<StoredSchedule, "lastAt">): Promise<void> {
  const { org, name, cron, timeZone, request, nextAt } = schedule;
  await session.run(PUT, org, name, cron, timeZone, JSON.stringify(request), nextAt?.getTime() ?? null);
  session.wake("scheduled");
}

export async function removeSchedule(session: Session, org: string, name: string): Promise<boolean> {
  return (await session.run(REMOVE, org, name)) > 0;
}

export async function readSchedules(session: Session, org: string): Promise<readonly Schedule[]> {
  return (await session.all<ScheduleRow>(ALL, org)).map((row) => {
    const { kind, payload, ...schedule } = scheduleFrom(row);
    return {
      name: schedule.name,
      cron: schedule.cron,
      timeZone: schedule.timeZone,
      kind,
      payload,
      nextAt: schedule.nextAt,
      lastAt: schedule.lastAt,
    };
  });
}

/**
 * As `Store.fireSchedules`, inside a transaction.
 * @param enqueue writes jobs in that same transaction
 */
export async function fireDue(
  session: Session,
  fire: (schedule: StoredSchedule) => ScheduleFiring,
  enqueue: (requests: readonly EnqueueRequest[]) => Promise<void>,
): Promise<UpkeepResult> {
  const requests: EnqueueRequest[] = [];
  for (const row of await session.all<ScheduleRow>(DUE, session.now())) {
    if (row.next_at === null) continue;
    const { request, nextAt } = fire(scheduleFrom(row));
    const advanced = await session.run(ADVANCE, row.org, row.name, row.next_at, nextAt?.getTime() ?? null);
    if (advanced > 0) requests.push(request);
  }
  if (requests.length > 0) await enqueue(requests);
  return { count: requests.length, nextInMs: await nextFiring(session) };
}

/** Milliseconds until the next schedule falls due. */
export async function nextFiring(session: Session): Promise<number | null> {
  return (await session.get<{ n: number | null }>(NEXT, session.now()))?.n ?? null;
}

function scheduleFrom(row: ScheduleRow): StoredSchedule {
  const request = JSON.parse(row.request) as StoredSchedule["request"];
  return {
    org: row.org,
    name: row.name,
    cron: row.cron,
    timeZone: row.time_zone,
    kind: request.kind,
    payload: JSON.parse(request.payload),
    request,
    nextAt: toDate(row.next_at),
    lastAt: toDate(row.last_at),
  };
}
