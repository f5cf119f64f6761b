import type { Schedule } from "../../core/schedule.ts";
import type { ScheduleFiring, StoredSchedule, UpkeepResult } from "../../core/store.ts";
import { toDate } from "../sql/job-row.ts";
import { enqueueJobs } from "./enqueue.ts";
import type { NamedSql, Session } from "./session.ts";
import { timeUntil } from "./upkeep.ts";

const PUT: NamedSql = {
  name: "SCHEDULE_PUT",
  sql: `INSERT INTO millrace_schedule (org, name, cron, time_zone, request, next_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (org, name) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
          request = excluded.request, next_at = excluded.next_at`,
};
const REMOVE: NamedSql = { name: "SCHEDULE_REMOVE", sql: `DELETE FROM millrace_schedule WHERE org = ? AND name = ?` };
const ALL: NamedSql = { name: "SCHEDULE_ALL", sql: `SELECT * FROM millrace_schedule WHERE org = ? ORDER BY name` };
const DUE: NamedSql = {
  name: "SCHEDULE_DUE",
  sql: `SELECT * FROM millrace_schedule WHERE next_at <= ? ORDER BY next_at LIMIT 100`,
};
/** Guard: the due time. Of two processes that saw it, one finds it moved. */
const ADVANCE: NamedSql = {
  name: "SCHEDULE_ADVANCE",
  sql: `UPDATE millrace_schedule SET next_at = ?4, last_at = ?3 WHERE org = ?1 AND name = ?2 AND next_at = ?3`,
};
const NEXT: NamedSql = { name: "SCHEDULE_NEXT", sql: `SELECT min(next_at) AS at FROM millrace_schedule` };

interface ScheduleRow {
  readonly org: string;
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly request: string;
  readonly next_at: number | null;
  readonly last_at: number | null;
}

export function putSchedule(session: Session, schedule: Omit<StoredSchedule, "lastAt">): void {
  const { org, name, cron, timeZone, request, nextAt } = schedule;
  session.run(PUT, org, name, cron, timeZone, JSON.stringify(request), nextAt?.getTime() ?? null);
  session.wake("scheduled");
}

export function removeSchedule(session: Session, org: string, name: string): boolean {
  return session.run(REMOVE, org, name) > 0;
}

export function readSchedules(session: Session, org: string): readonly Schedule[] {
  return session.all<ScheduleRow>(ALL, org).map((row) => {
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

/** As `Store.fireSchedules`, inside a transaction. */
export function fireDue(session: Session, fire: (schedule: StoredSchedule) => ScheduleFiring): UpkeepResult {
  let count = 0;
  for (const row of session.all<ScheduleRow>(DUE, session.now())) {
    if (row.next_at === null) continue;
    const { request, nextAt } = fire(scheduleFrom(row));
    if (session.run(ADVANCE, row.org, row.name, row.next_at, nextAt?.getTime() ?? null) === 0) continue;
    enqueueJobs(session, [request]);
    count += 1;
  }
  return { count, nextInMs: timeUntil(nextFiring(session), session.now()) };
}

export function nextFiring(session: Session): number | null {
  return session.get<{ at: number | null }>(NEXT)?.at ?? null;
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
