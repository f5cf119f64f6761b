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
}

/** Stores on a file of their own, with connections and transactions beside them. */
export function fileProvider({ edit, wrap }: FileProviderOptions = {}): StoreProvider {
  return {
    async open(now) {
      const folder = mkdtempSync(join(tmpdir(), "millrace-conformance-"));
      const file = join(folder, "store.db");
      const openAnother = async (): Promise<Store> => {
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

/** Stores that live and die with their one connection. */
export function memoryProvider({ edit }: Pick<FileProviderOptions, "edit"> = {}): StoreProvider {
  return {
    async open(now) {
      const store = await openSqlite({ file: ":memory:", now, ...(edit === undefined ? {} : { edit }) });
      return { store, discard: () => undefined };
    },
  };
}
