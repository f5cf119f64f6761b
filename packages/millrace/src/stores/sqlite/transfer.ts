import type { Database } from "better-sqlite3";
import { ConflictError } from "../../core/errors.ts";
import {
  PAGE_CHARACTERS,
  PAGE_COUNT,
  sizeOf,
  type ExportReader,
  type ImportWriter,
  type TransferRecord,
} from "../../core/transfer.ts";
import { LostTickets } from "../sql/transfer-row.ts";
import { presentThings } from "../sql/transfer-problem.ts";
import { auditData } from "./audit.ts";
import { openDatabase, whileBusy } from "./database.ts";
import { translate } from "./errors.ts";
import { Session, type EditSql } from "./session.ts";
import { countRecords, readLiveWork, readRecords, readRunning } from "./transfer-read.ts";
import { RecordWriter } from "./transfer-write.ts";

interface Place {
  /** The absolute path; empty for a store in memory. */
  readonly file: string;
  readonly now: () => number;
  readonly edit: EditSql | undefined;
}

/** As `Store.openExport`: a read transaction on a connection of its own. Writers go on beside it. */
export async function openExport(place: Place, lostAt: number | undefined): Promise<ExportReader> {
  const session = await connect(place);
  const { db } = session;
  try {
    return await translated(db, () => {
      db.exec("BEGIN");
      const counts = countRecords(session);
      const running = readRunning(session);
      const at = session.now();
      const lost = new LostTickets(running, lostAt ?? at);
      return {
        at,
        counts: { ...counts, attempt: counts.attempt + lost.attemptCount },
        liveWork: readLiveWork(session, running),
        lostCount: lost.count,
        pages: () => pagesOf(db, readRecords(session, lost)),
        close: async () => void db.close(),
      };
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** As `Store.openImport`: one write transaction on a connection of its own, which alone decides what is kept. */
export async function openImport(place: Place): Promise<ImportWriter> {
  const session = await connect(place);
  const { db } = session;
  try {
    await translated(db, async () => whileBusy(() => db.exec("BEGIN IMMEDIATE")));
    const present = presentThings(countRecords(session));
    if (present !== "") {
      throw new ConflictError(
        "state_conflict",
        `${place.file} is not empty, and an import fills an empty store; it holds ${present}`,
      );
    }
  } catch (error) {
    db.close();
    throw error;
  }
  const writer = new RecordWriter(session);
  let isRefused = false;
  return {
    write: async (records) =>
      translated(db, () => {
        for (const [index, record] of records.entries()) {
          const problem = writer.write(record);
          isRefused ||= problem !== null;
          if (problem !== null) return { index, problem };
        }
        return null;
      }),
    pages: () => pagesOf(db, readRecords(session, new LostTickets([], 0))),
    audit: async () => auditData(session, (work) => translated(db, work), { limitMs: Number.POSITIVE_INFINITY }),
    commit: async () => {
      if (isRefused) throw new ConflictError("state_conflict", "a record was refused, so nothing is kept");
      await translated(db, () => void db.exec("COMMIT"));
    },
    // Closing takes back what was not committed.
    close: async () => void db.close(),
  };
}

/** A second connection: what it sees and holds must not hang on what the store does meanwhile. */
async function connect({ file, now, edit }: Place): Promise<Session> {
  if (file === "") {
    throw new ConflictError("state_conflict", "a store in memory ends with its process; its data cannot be carried");
  }
  return new Session(await openDatabase(file), now, edit);
}

async function* pagesOf(db: Database, records: Iterable<TransferRecord>): AsyncGenerator<readonly TransferRecord[]> {
  let page: TransferRecord[] = [];
  let characters = 0;
  try {
    for (const record of records) {
      page.push(record);
      characters += sizeOf(record);
      if (page.length < PAGE_COUNT && characters < PAGE_CHARACTERS) continue;
      yield page;
      page = [];
      characters = 0;
    }
  } catch (error) {
    throw translate(error, db.name);
  }
  if (page.length > 0) yield page;
}

async function translated<T>(db: Database, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error, db.name);
  }
}
