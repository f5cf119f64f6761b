import type { Logger } from "../index.ts";
import { lineLogger } from "./line-logger.ts";
import type { LogLevel } from "./log-level.ts";
import type { Output } from "./output.ts";

const STANDARD_ERROR = 2;
/** While nothing can be written, so much is kept, and the rest is dropped. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The log of a server: lines for a person at a terminal, one JSON object per line in a pipe or a file. */
export async function openServerLog(out: Output, level: LogLevel): Promise<Logger> {
  // A person sees the progress bar, and nobody else does.
  if (out.isProgressShown) return lineLogger(out, level);
  const { destination, pino, stdTimeFunctions } = await import("pino");
  const stream = destination({ dest: STANDARD_ERROR, sync: true, maxLength: MOST_BYTES });
  // The disk is full, or whoever read it has gone. That is no reason for the server to go as well.
  stream.on("error", () => undefined);
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields },
    },
    stream,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}

/** What an error says of itself; drivers hang statements and values on theirs, which stay out of the log. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code: unknown = "code" in error ? error.code : undefined;
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause: errorFields(cause) }) };
}
