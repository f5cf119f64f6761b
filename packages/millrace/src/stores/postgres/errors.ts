import { isMillraceError, StoreError, type MillraceError } from "../../core/errors.ts";

type StoreCode = ConstructorParameters<typeof StoreError>[0];

interface Translation {
  readonly code: StoreCode;
  readonly say: string;
  /** Worth trying again at once, within the bound of the call. */
  readonly again?: "at once" | "when it is back";
}

/** What the server said (SQLSTATE) or the socket → our code, and what a person should know. Longest beginning wins. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  "40001": {
    code: "store_busy",
    say: "another transaction was in the way; repeat the whole transaction",
    again: "at once",
  },
  "40P01": {
    code: "store_busy",
    say: "two transactions waited for each other; repeat the whole one",
    again: "at once",
  },
  "25P03": { code: "store_busy", say: "the transaction was silent for too long and was rolled back", again: "at once" },
  "55P03": { code: "store_busy", say: "a row or a table stayed locked by somebody else longer than the limit" },
  "57014": { code: "store_busy", say: "the statement took longer than its limit and was cancelled" },
  "53300": { code: "store_unavailable", say: "the server has no connection left to give", again: "when it is back" },
  "53100": { code: "store_unavailable", say: "the server's disk is full; nothing of this call was kept" },
  "53": { code: "store_unavailable", say: "the server is out of resources" },
  "25006": {
    code: "store_unavailable",
    say: "the server takes no writes: it is a standby, or read-only",
    again: "when it is back",
  },
  "57": {
    code: "store_unavailable",
    say: "the server is stopping or starting, or ended the connection",
    again: "when it is back",
  },
  "08P01": {
    code: "store_unavailable",
    say: "what answers does not speak as a server does; if it is PgBouncer, say ?pgbouncer=true",
  },
  "08": { code: "store_unavailable", say: "the connection to the server failed", again: "when it is back" },
  "58": { code: "store_unavailable", say: "the server's disk refused to read or write" },
  "28": { code: "store_unavailable", say: "the server did not let this user in; check name, password and pg_hba.conf" },
  "3D000": { code: "store_unavailable", say: "there is no such database" },
  "42501": { code: "store_unavailable", say: "this role lacks a right; docs/guides/postgres.md lists the grants" },
  "42P01": { code: "schema_too_old", say: "a table of Millrace is missing; run `millrace migrate`" },
  "3F000": { code: "schema_too_old", say: "the schema is missing; run `millrace migrate`" },
  "42703": { code: "schema_too_old", say: "a column is missing; run `millrace migrate`" },
  XX000: { code: "store_unavailable", say: "the server failed within itself; its log says more" },
  XX001: { code: "store_corrupt", say: "the database is damaged; restore a backup" },
  XX002: { code: "store_corrupt", say: "an index is damaged; REINDEX, or restore a backup" },
  ECONNREFUSED: { code: "store_unavailable", say: "nobody answers at this address", again: "when it is back" },
  ECONNRESET: { code: "store_unavailable", say: "the connection was cut", again: "when it is back" },
  EPIPE: { code: "store_unavailable", say: "the connection was cut", again: "when it is back" },
  ETIMEDOUT: { code: "store_unavailable", say: "the server did not answer in time", again: "when it is back" },
  EHOSTUNREACH: { code: "store_unavailable", say: "the server cannot be reached", again: "when it is back" },
  ENETUNREACH: { code: "store_unavailable", say: "the server cannot be reached", again: "when it is back" },
  ENOTFOUND: { code: "store_unavailable", say: "there is no such host" },
  EAI_AGAIN: {
    code: "store_unavailable",
    say: "the name of the host could not be looked up",
    again: "when it is back",
  },
  ENOENT: { code: "store_unavailable", say: "there is no such socket", again: "when it is back" },
};

const CODES = Object.keys(TRANSLATIONS).toSorted((a, b) => b.length - a.length);

/** What the driver says when a connection ended under it, which has no code of its own. */
const CUT =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded when trying to connect|Connection ended|The server closed)/;

/** An error of the driver as one of ours; ours, and bugs, pass unchanged. */
export function translate(error: unknown, place: string): MillraceError | Error {
  if (isMillraceError(error)) return error;
  const found = translationOf(error);
  if (found === undefined) return error instanceof Error ? error : new Error(String(error));
  const said = error instanceof Error ? error.message : String(error);
  return new StoreError(found.code, `${place}: ${found.say} (${said})`, { cause: error });
}

/** Whether the same may work in a moment: a lost race at once, an outage when it is over. */
export function isWorthRepeating(error: unknown): "at once" | "when it is back" | undefined {
  return translationOf(error)?.again;
}

/** A second row with the id of a job that is there: the request was sent before. */
export function isSentBefore(error: unknown): boolean {
  if (codeOf(error) !== "23505" || typeof error !== "object" || error === null) return false;
  return "constraint" in error && error.constraint === "job_id_key";
}

export function codeOf(error: unknown): string {
  return codesOf(error)[0] ?? "";
}

/** Whether the server said so, through whatever library. */
export function hasCode(error: unknown, code: string): boolean {
  return codesOf(error).includes(code);
}

/** Libraries wrap what the driver said: in `cause`, or deeper. The outermost first. */
function codesOf(error: unknown, depth = 0): string[] {
  if (typeof error !== "object" || error === null || depth > MOST_WRAPPINGS) return [];
  const { code, originalCode, cause, meta, driverAdapterError } = error as Readonly<Record<string, unknown>>;
  return [
    ...[originalCode, code].filter((each) => typeof each === "string"),
    ...[cause, meta, driverAdapterError].flatMap((inner) => codesOf(inner, depth + 1)),
  ];
}

const MOST_WRAPPINGS = 5;

function translationOf(error: unknown): Translation | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return translationOf(error.errors[0]);
  const codes = codesOf(error);
  for (const code of codes) {
    const known = CODES.find((each) => code.startsWith(each));
    if (known !== undefined) return TRANSLATIONS[known];
  }
  return error instanceof Error && codes.length === 0 && CUT.test(error.message) ? TRANSLATIONS["08"] : undefined;
}
