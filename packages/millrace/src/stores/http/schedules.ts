import { isMillraceError } from "../../core/errors.ts";
import type { Schedule } from "../../core/schedule.ts";
import type { StoredSchedule } from "../../core/store.ts";
import type { MillraceClient, NewSchedule } from "../../http/api/client.ts";
import { newJobOf } from "./enqueue.ts";
import { dateOf } from "./wire-job.ts";

/** As `Store.putSchedule`. When it is due first, the server works out. */
export async function putSchedule(
  client: MillraceClient,
  { name, cron, timeZone, request }: Omit<StoredSchedule, "lastAt">,
): Promise<void> {
  await client.schedule(name, { ...(newJobOf(request) as NewSchedule), cron, timeZone });
}

/** As `Store.removeSchedule`. */
export async function removeSchedule(client: MillraceClient, name: string): Promise<boolean> {
  try {
    await client.unschedule(name);
    return true;
  } catch (error) {
    if (isMillraceError(error) && error.code === "schedule_not_found") return false;
    throw error;
  }
}

export async function readSchedules(client: MillraceClient): Promise<readonly Schedule[]> {
  return (await client.schedules()).map(({ nextAt, lastAt, ...rest }) => ({
    ...rest,
    nextAt: dateOf(nextAt),
    lastAt: dateOf(lastAt),
  }));
}
