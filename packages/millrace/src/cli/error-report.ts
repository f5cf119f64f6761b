import { CommanderError } from "commander";
import { isMillraceError, type ErrorCode } from "../core/errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { Palette } from "./palette.ts";
import { UsageError } from "./usage-error.ts";

export interface ErrorReport {
  readonly exitCode: number;
  readonly message: string;
  readonly validOptions: readonly string[];
  readonly suggestion: string | null;
}

/** What helps when nothing more is known than the code. */
const SUGGESTIONS: Partial<Record<ErrorCode, string>> = {
  job_not_found: "`millrace jobs list` shows the jobs of this store",
  queue_not_found: "`millrace queues list` shows the queues of this store",
  schedule_not_found: "`millrace schedules list` shows the schedules of this store",
  key_not_found: "`millrace keys list` shows the keys of this store",
  store_busy: "another process holds the store; try again in a moment",
  schema_too_old: "`millrace migrate --plan` shows what is to be done, `millrace migrate` does it",
  wait_timeout: "the job goes on; `millrace jobs show` tells where it stands",
};

/** What an error means for a person and for the shell. Errors nobody foresaw are our bugs: exit code 70. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof CommanderError) return reportParsing(error);
  if (error instanceof UsageError) {
    const { exitCode, message, validOptions, suggestion } = error;
    return { exitCode, message, validOptions, suggestion };
  }
  if (isMillraceError(error)) {
    return {
      exitCode: EXIT_CODES[error.code],
      message: error.message,
      validOptions: [],
      suggestion: SUGGESTIONS[error.code] ?? null,
    };
  }
  return {
    exitCode: EXIT_CODES.invariant_broken,
    message: `unexpected: ${error instanceof Error ? error.message : String(error)}`,
    validOptions: [],
    suggestion: "this is a bug in Millrace; MILLRACE_DEBUG=1 shows where it comes from, for a report",
  };
}

/** `error: unknown option '--qeue'\n(Did you mean --queue?)`, in the form of all other errors. */
function reportParsing({ message }: CommanderError): ErrorReport {
  const [first = "", ...rest] = message.split("\n");
  const hint = /\(Did you mean (?:one of )?(.+)\?\)/.exec(rest.join(" "))?.[1];
  return {
    exitCode: EXIT_CODES.request_invalid,
    message: first.replace(/^error: /, "").replaceAll("'", '"'),
    validOptions: [],
    suggestion: hint === undefined ? null : `did you mean ${hint}?`,
  };
}

/** The lines for standard error: `Error:`, and where there is one `Valid options:` and `Suggestion:`. */
export function errorLines({ message, validOptions, suggestion }: ErrorReport, palette: Palette): string[] {
  return [
    `${palette.bad("Error:")} ${message}`,
    ...(validOptions.length === 0 ? [] : [`${palette.title("Valid options:")} ${validOptions.join(", ")}`]),
    ...(suggestion === null ? [] : [`${palette.title("Suggestion:")} ${suggestion}`]),
  ];
}
