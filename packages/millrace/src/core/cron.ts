import { Cron } from "croner";
import { InputError } from "./errors.ts";

/**
 * The next time of a cron rule strictly after `after`; `null` when there is none.
 * Five fields, or six with seconds first. Where clocks are put forward, a fixed time that does not exist is moved to the
 * next that does; where they are put back, a fixed time comes once. Rules with wildcards follow the clock on the wall.
 */
export function nextCronTime(cron: string, timeZone: string, after: Date): Date | null {
  return new Cron(cron, { timezone: timeZone }).nextRun(after);
}

/** @throws InputError when the rule or the time zone is none */
export function checkCron(cron: string, timeZone: string): void {
  try {
    Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw new InputError(
      "request_invalid",
      `"${timeZone}" is no time zone; expected an IANA name such as "Europe/Berlin"`,
      { cause },
    );
  }
  let next: Date | null;
  try {
    next = nextCronTime(cron, timeZone, new Date(0));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      "request_invalid",
      `"${cron}" is no cron rule: ${why}. Expected five fields, such as "*/5 * * * *"`,
      { cause },
    );
  }
  if (next === null)
    throw new InputError("request_invalid", `the cron rule "${cron}" never comes; is there such a day in that month?`);
}
