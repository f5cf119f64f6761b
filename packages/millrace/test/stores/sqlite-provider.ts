import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Store } from "../../src/core/store.ts";
import { openSqlite, type SqliteOptions } from "../../src/stores/sqlite/index.ts";
import type { StoreProvider } from "../../src/testing/index.ts";

type Edit = NonNullable<SqliteOptions["edit"]>;

export interface FileProviderOptions {
  readonly edit?: Edit;
  /** Puts another store in front of each one that is opened. */
  readonly wrap?: (store: Store, file: string, now: () => number) => Store;
  /** The clock of each connection, the first being 0. @default that of the test for all */
  readonly clockOf?: ClockOf;
}

/** What a connection takes for the time. */
export type ClockOf = (now: () => number, connection: number) => () => number;

/** Stores on a file of their own, with connections and transactions beside them. */
export function fileProvider({ edit, wrap, clockOf = sameClock }: FileProviderOptions = {}): StoreProvider {
  return {
    async open(testNow) {
      const folder = mkdtempSync(join(tmpdir(), "millrace-conformance-"));
      const file = join(folder, "store.db");
      let connections = 0;
      const openAnother = async (): Promise<Store> => {
        const now = clockOf(testNow, connections++);
        const store = await openSqlite({ file, now, ...(edit === undefined ? {} : { edit }) });
        return wrap === undefined ? store : wrap(store, file, now);
      };
      let caller: Database.Database | undefined;
      return {
        store: await openAnother(),
        openAnother,
        async transaction(work) {
          caller ??= new Database(file);
          caller.exec("BEGIN IMMEDIATE");
          try {
            const value = await work(caller);
            caller.exec("COMMIT");
            return value;
          } catch (error) {
            caller.exec("ROLLBACK");
            throw error;
          }
        },
        discard(failed) {
          caller?.close();
          if (!failed || edit !== undefined || wrap !== undefined) rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

/** For all connections. */
export const sameClock: ClockOf = (now) => now;

/** Stores that live and die with their one connection. */
export function memoryProvider({ edit }: Pick<FileProviderOptions, "edit"> = {}): StoreProvider {
  return {
    async open(now) {
      const store = await openSqlite({ file: ":memory:", now, ...(edit === undefined ? {} : { edit }) });
      return { store, discard: () => undefined };
    },
  };
}
