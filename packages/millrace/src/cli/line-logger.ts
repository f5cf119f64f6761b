import { isMillraceError } from "../core/errors.ts";
import type { Logger } from "../index.ts";
import { LOG_LEVELS, type LogLevel } from "./log-level.ts";
import type { Output } from "./output.ts";
import { singleLine } from "./text-width.ts";

/** For a person at a terminal: a line each, on standard error. What is no warning stands there without its fields. */
export function lineLogger(out: Output, least: LogLevel): Logger {
  const from = (level: LogLevel, tell: Logger["warn"]): Logger["warn"] =>
    LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least) ? tell : nothing;
  const say = (_: unknown, message: string): void => out.note(out.errorPalette.dim(singleLine(message)));
  const warn: Logger["warn"] = (fields, message) =>
    out.note(`${out.errorPalette.warning("Warning:")} ${singleLine(message)}${told(fields)}`);
  return { debug: from("debug", say), info: from("info", say), warn: from("warn", warn), error: from("error", warn) };
}

function nothing(): void {
  // Not worth a line.
}

function told(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${singleLine(textOf(value))}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function textOf(value: unknown): string {
  if (isMillraceError(value)) return `${value.code}: ${value.message}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}
