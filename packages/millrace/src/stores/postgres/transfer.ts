import { ConflictError } from "../../core/errors.ts";
import type { ExportReader, ImportWriter, TransferRecord } from "../../core/transfer.ts";
import { presentThings } from "../sql/transfer-problem.ts";
import { LostTickets } from "../sql/transfer-row.ts";
import { auditData } from "./audit.ts";
import { SETTINGS } from "./connections.ts";
import type { Database } from "./database.ts";
import { OpenTransaction } from "./open-transaction.ts";
import type { Session } from "./session.ts";
import { countRecords, readLiveWork, readPages, readPresent, readRunning } from "./transfer-read.ts";
import { writeRecords } from "./transfer-write.ts";

/** As `Store.openExport`: a transaction that sees the data as it was when it began. Nobody waits for it. */
export async function openExport(database: Database, lostAt: number | undefined): Promise<ExportReader> {
  const transaction = await OpenTransaction.begin(database, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    return await transaction.run(async (session) => {
      await session.adHoc(settingsSql(READING), []);
      const at = await readPresent(session);
      const counts = await countRecords(session);
      const running = await readRunning(session);
      const lost = new LostTickets(running, lostAt ?? at);
      return {
        at,
        counts: { ...counts, attempt: counts.attempt + lost.attemptCount },
        liveWork: await readLiveWork(session, running, at),
        lostCount: lost.count,
        pages: () => transaction.each(readPages(session, lost)),
        close: async () => transaction.close(),
      };
    });
  } catch (error) {
    await transaction.close();
    throw error;
  }
}

/** Whoever writes meanwhile waits, and whoever reads does not; a second import waits as well. */
const KEEP_OUT = `LOCK TABLE millrace.queue, millrace.counter, millrace.schedule, millrace.api_key, millrace.webhook, millrace.job
  IN SHARE ROW EXCLUSIVE MODE`;
/** What holds on connections of ours, on one of the user's too. Time limits are off by then. */
const { statement_timeout: _, idle_in_transaction_session_timeout: __, ...WRITING } = SETTINGS;
/** All rows are wanted, so tables may be read through, and joined whole. */
const READING = { enable_seqscan: "on", enable_hashjoin: "on", enable_mergejoin: "on" };
/** For plans that read what was just written. Who does not own the tables may not do it, and need not. */
const ANALYZE = `ANALYZE millrace.queue, millrace.lane, millrace.counter, millrace.schedule, millrace.job, millrace.ready,
  millrace.scheduled, millrace.blocked, millrace.running, millrace.done, millrace.companion, millrace.attempt, millrace.log,
  millrace.artifact, millrace.late_report`;

/** As `Store.openImport`: one transaction, which alone decides what is kept. */
export async function openImport(database: Database): Promise<ImportWriter> {
  const transaction = await OpenTransaction.begin(database, "ISOLATION LEVEL READ COMMITTED");
  const { session } = transaction;
  try {
    const present = await transaction.run(async () => {
      await session.adHoc(settingsSql(WRITING), []);
      await session.adHoc(KEEP_OUT, []);
      return presentThings(await countRecords(session));
    });
    if (present !== "") {
      const place = `${database.connections.place}, schema ${database.statements.schema},`;
      throw new ConflictError(
        "state_conflict",
        `${place} is not empty, and an import fills an empty store; it holds ${present}`,
      );
    }
  } catch (error) {
    await transaction.close();
    throw error;
  }
  let isRefused = false;
  return {
    write: async (records) => {
      const refusal = await transaction.run(async () => writeRecords(session, records));
      isRefused ||= refusal !== null;
      return refusal;
    },
    pages: () => transaction.each(pagesOf(session)),
    audit: async () =>
      transaction.run(async () => {
        // What was read back was read through; slices are looked up.
        await session.adHoc(settingsSql(WRITING), []);
        return auditData((work) => work(session), { limitMs: Number.POSITIVE_INFINITY });
      }),
    commit: async () => {
      if (isRefused) throw new ConflictError("state_conflict", "a record was refused, so nothing is kept");
      await transaction.commit();
      await database.single(async (told) => {
        for (const change of ["ready", "scheduled", "events"] as const) told.wake(change);
      });
    },
    close: async () => transaction.close(),
  };
}

async function* pagesOf(session: Session): AsyncGenerator<readonly TransferRecord[]> {
  await session.adHoc(ANALYZE, []);
  await session.adHoc(settingsSql(READING), []);
  yield* readPages(session, new LostTickets([], 0));
}

function settingsSql(settings: Readonly<Record<string, string>>): string {
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  return `SELECT ${calls.join(", ")}`;
}
