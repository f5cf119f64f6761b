import { show } from "../core/options.ts";
import { unknownWord } from "./usage-error.ts";

/** How much is said, from the most to nothing. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @param where the flag or the variable, for the error. @throws UsageError */
export function parseLogLevel(text: string, where: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw unknownWord(`${where}: ${show(text)} is no log level`, text, LOG_LEVELS);
  return level;
}
