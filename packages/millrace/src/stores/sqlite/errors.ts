import { isMillraceError, StoreError, type MillraceError } from "../../core/errors.ts";

type StoreCode = ConstructorParameters<typeof StoreError>[0];

/** What the driver said → our code, and what a person should know. The longest matching beginning of the code wins. */
const TRANSLATIONS: Readonly<Record<string, { readonly code: StoreCode; readonly say: string }>> = {
  SQLITE_BUSY_SNAPSHOT: {
    code: "store_busy",
    say: "the transaction has read and another has written since; begin it with BEGIN IMMEDIATE, and repeat it whole",
  },
  SQLITE_BUSY: { code: "store_busy", say: "another process holds the write lock" },
  SQLITE_LOCKED: { code: "store_busy", say: "a table is locked by another statement" },
  SQLITE_PROTOCOL: { code: "store_busy", say: "a process that stands still holds a lock on the write-ahead log" },
  SQLITE_INTERRUPT: { code: "store_busy", say: "the statement was interrupted" },
  SQLITE_FULL: { code: "store_unavailable", say: "the disk is full; nothing of this call was kept" },
  SQLITE_IOERR: { code: "store_unavailable", say: "the disk refused to read or write" },
  SQLITE_READONLY: { code: "store_unavailable", say: "the file or its folder cannot be written to" },
  SQLITE_PERM: { code: "store_unavailable", say: "access to the file was denied" },
  SQLITE_CANTOPEN: {
    code: "store_unavailable",
    say: "the file cannot be opened; does its folder exist, and is it a file?",
  },
  SQLITE_NOTADB: { code: "store_corrupt", say: "the file is not a SQLite database" },
  SQLITE_CORRUPT: { code: "store_corrupt", say: "the database file is damaged; restore a backup" },
  SQLITE_NOMEM: { code: "store_unavailable", say: "out of memory" },
};

const CODES = Object.keys(TRANSLATIONS);

/** An error of the driver as one of ours; ours, and bugs, pass unchanged. */
export function translate(error: unknown, file: string): MillraceError | Error {
  if (isMillraceError(error)) return error;
  const driverCode = codeOf(error);
  const known = CODES.find((code) => driverCode === code || driverCode.startsWith(`${code}_`));
  if (known === undefined) return error instanceof Error ? error : new Error(String(error));
  const { code, say } = TRANSLATIONS[known] ?? { code: "store_unavailable", say: known };
  return new StoreError(code, `${file}: ${say} (${driverCode})`, { cause: error });
}

/** As `translate`, in a transaction of the caller: one that was begun with BEGIN IMMEDIATE waits for no lock. */
export function translateWithin(error: unknown, file: string): MillraceError | Error {
  if (codeOf(error) !== "SQLITE_BUSY") return translate(error, file);
  const say = "tx was begun without the write lock, and another connection holds it";
  return new StoreError(
    "store_busy",
    `${file}: ${say}; begin it with BEGIN IMMEDIATE, and repeat it whole (SQLITE_BUSY)`,
    {
      cause: error,
    },
  );
}

/** True when trying the same again in a moment is likely to work. SQLITE_PROTOCOL has been tried for ten seconds. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
