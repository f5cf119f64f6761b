/** Where Millrace says what nobody asked for: lost leases, retried writes, refused payloads. Fits pino and console. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const nothing = (): void => undefined;

/** The default: a library does not write where it was not asked to. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
