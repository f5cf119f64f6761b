import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { untilQuiet, type Meter } from "./meter.ts";
import { StatementCount } from "./statement-count.ts";

/** Of the log: its header, and what stands before each page. */
const LOG_HEADER = 32;
const PAGE_HEADER = 24;
/** With so many pages the log is begun anew, and its length says nothing any more. */
const MOST_PAGES = 4_000;

let statements: StatementCount | undefined;

/** Counts what this process does on a file, at the driver and by the length of the log. */
export function openSqliteMeter(file: string): Meter {
  const counted = (statements ??= new StatementCount());
  const db = new Database(file);
  const pageBytes = db.pragma("page_size", { simple: true }) as number;
  const pagesInLog = (): number => {
    const bytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    return Math.max(0, bytes - LOG_HEADER) / (pageBytes + PAGE_HEADER);
  };
  return {
    statements: counted.statements,
    begin: async () => {
      const isBusy = db.pragma("wal_checkpoint(TRUNCATE)", { simple: true }) === 1;
      if (isBusy) throw new Error("the log could not be emptied: somebody reads it");
      counted.forget();
      counted.isCounting = true;
    },
    end: () => {
      counted.isCounting = false;
      const pages = pagesInLog();
      if (pages >= MOST_PAGES)
        throw new Error(`the act wrote ${pages} pages; more than ${MOST_PAGES} cannot be counted`);
      const run = [...counted.statements.values()].reduce((sum, count) => sum + count, 0);
      const totals: [string, number][] = [
        ["statements", run],
        ["commits", counted.commits],
        ["WAL pages", pages],
      ];
      return Promise.resolve(new Map([...totals, ...[...counted.rows].toSorted(byName)]));
    },
    quiet: () =>
      untilQuiet(
        () => counted.begunCount,
        () => Promise.resolve(),
      ),
    close: () => Promise.resolve(void db.close()),
  };
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}
