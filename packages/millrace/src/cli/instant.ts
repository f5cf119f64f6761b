import { show } from "../core/options.ts";
import { formatDuration } from "./duration.ts";
import { UsageError } from "./usage-error.ts";

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?([Zz]|[+-]\d{2}:?\d{2})?$/;

/**
 * The instant of an ISO 8601 text. Without a zone it is local time, as a person at a terminal means it, the bare date
 * too: `Date` would read that one as UTC.
 * @param flag names the option in the error
 * @throws UsageError for what is no date, the 30th of February included
 */
export function parseInstant(text: string, flag: string): Date {
  const match = ISO.exec(text);
  if (match === null) throw notADate(text, flag);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const ms = Math.floor(Number(`0.${match[7] ?? 0}`) * 1_000);
  const isReal = hour < 24 && minute < 60 && second < 60 && month >= 1 && day >= 1 && day <= daysIn(year, month);
  if (!isReal) throw notADate(text, flag);
  const zone = match[8];
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, ms);
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms) - offsetMs(zone, text, flag));
}

function daysIn(year: number, month: number): number {
  return month > 12 ? 0 : new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function offsetMs(zone: string, text: string, flag: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) throw notADate(text, flag);
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function notADate(text: string, flag: string): UsageError {
  return new UsageError(`${flag}: ${show(text)} is not a date and time`, {
    validOptions: ["2030-01-31T08:00:00Z", "2030-01-31T08:00:00+02:00", "2030-01-31 08:00 (local time)"],
    suggestion: "for a time from now use a duration, such as --in 5m",
  });
}

/** How long ago or ahead, for a terminal: `2m ago`, `in 5s`. */
export function formatAge(instant: Date, now: number): string {
  const ms = now - instant.getTime();
  if (Math.abs(ms) < 1_000) return "now";
  const told = formatDuration(Math.floor(Math.abs(ms) / 1_000) * 1_000);
  return ms > 0 ? `${told} ago` : `in ${told}`;
}
