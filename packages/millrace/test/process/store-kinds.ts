import { join } from "node:path";
import { describe } from "vitest";
import { missingPostgres, newSchema } from "../postgres/test-database.ts";

/** A kind of store that several processes can share. */
export interface StoreKind {
  readonly name: string;
  /** Why there can be none; `undefined` when there can. */
  readonly missing: () => string | undefined;
  /** Whether the clocks of those who use it mean nothing to it. */
  readonly hasOwnClock: boolean;
  /** A new, empty store. What it keeps in files lies in this folder. */
  readonly newStore: (folder: string) => NewStore;
}

export interface NewStore {
  readonly url: string;
  /** Called when nothing is connected to it any more, and before the folder goes. What failed is worth keeping. */
  readonly end: (hasFailed: boolean) => Promise<void>;
}

export const SQLITE: StoreKind = {
  name: "SQLite",
  missing: () => undefined,
  hasOwnClock: false,
  newStore: (folder) => ({ url: `sqlite:${join(folder, "queue.db")}`, end: () => Promise.resolve() }),
};

const POSTGRES: StoreKind = {
  name: "PostgreSQL",
  missing: missingPostgres,
  hasOwnClock: true,
  newStore: newSchema,
};

/** The same tests on each of them; skipped, and seen to be, where there is no server. */
export function onEachStore(tests: (kind: StoreKind) => void): void {
  for (const kind of [SQLITE, POSTGRES]) {
    describe.skipIf(kind.missing() !== undefined)(`on ${kind.name}`, () => {
      tests(kind);
    });
  }
}
