import type { Millrace } from "millrace";
import type { Payload, Place } from "./contestant.ts";
import { openOwnRows } from "./own-rows.ts";
import { openFile, writeOwnRow, type SqliteFile } from "./sqlite-driver.ts";

/** Somebody who has transactions of their own. */
export interface Caller {
  readonly addWithin: (payload: Payload) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export function callerOnPostgres(mill: Millrace, kind: string, place: Place): Caller {
  const rows = openOwnRows(place);
  return {
    addWithin: (payload) => rows.transaction(payload.n, (tx) => mill.enqueue(kind, payload, { tx })),
    close: () => rows.close(),
  };
}

/** On a connection of the caller's own, opened when it is first needed. */
export function callerOnFile(mill: Millrace, kind: string, path: string): Caller {
  let opening: Promise<SqliteFile> | undefined;
  const open = async (): Promise<SqliteFile> => {
    const file = await openFile(path);
    file.pragma("synchronous = FULL");
    return file;
  };
  return {
    addWithin: async (payload) => {
      const tx = await (opening ??= open());
      writeOwnRow(tx, payload.n, () => mill.enqueueSync(kind, payload, { tx }));
    },
    close: async () => (await opening)?.close(),
  };
}
