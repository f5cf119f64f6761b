import { fileCaller, postgresCaller, type Caller } from "../runtime/caller.ts";
import { scopeOf } from "../../../../examples/forge/items.ts";
import { searchPathUrl } from "./forge-acts.ts";
import type { Party } from "./party.ts";

export const HERE = import.meta.url;

/** A repository whose old program counts by itself until the switch is turned. */
export const TABLES = [
  "CREATE TABLE repositories (name text PRIMARY KEY, is_counted integer NOT NULL)",
  "CREATE TABLE issues (repository text NOT NULL, number integer NOT NULL, UNIQUE (repository, number))",
  "INSERT INTO repositories VALUES ('a', 0)",
  "INSERT INTO issues VALUES ('a', 1), ('a', 2), ('a', 3)",
] as const;

export function callerAt(store: string): Promise<Caller> {
  if (store.startsWith("sqlite:")) return Promise.resolve(fileCaller(store.slice("sqlite:".length)));
  return postgresCaller(searchPathUrl(store));
}

/** On a file, transactions of one process come one after the other: nobody may wait for the lock in the middle of one. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}

/** So many creates; the importer adopts the numbers and turns the switch after `switchAfter` of its own. */
export async function createAcross(
  { store, mill, atEnd }: Party,
  { creates, switchAfter }: { readonly creates: number; readonly switchAfter: number | null },
): Promise<readonly number[]> {
  const caller = await callerAt(store);
  atEnd(() => caller.end());
  const isFile = store.startsWith("sqlite:");
  const { tx } = caller;
  const transaction = <T>(work: () => Promise<T>): Promise<T> =>
    isFile ? inTurn(() => caller.transaction(work)) : caller.transaction(work);
  // Who holds the row of the repository is alone: the old way of counting needs that, and so does the switch.
  const read = `SELECT is_counted FROM repositories WHERE name = 'a'${isFile ? "" : " FOR UPDATE"}`;
  const highest = async (): Promise<number> =>
    Number((await caller.query("SELECT max(number) AS last FROM issues WHERE repository = 'a'"))[0]?.["last"]);

  const numbers: number[] = [];
  for (let n = 0; n < creates; n++) {
    if (n === switchAfter) {
      await transaction(async () => {
        await caller.query(read);
        await mill.adoptNumbers(scopeOf("a"), await highest(), { tx });
        await caller.query("UPDATE repositories SET is_counted = 1 WHERE name = 'a'");
      });
    }
    numbers.push(
      await transaction(async () => {
        const isCounted = (await caller.query(read))[0]?.["is_counted"] === 1;
        const number = isCounted ? await mill.number(scopeOf("a"), { tx }) : (await highest()) + 1;
        await caller.query(`INSERT INTO issues VALUES ('a', ${number})`);
        return number;
      }),
    );
  }
  return numbers;
}
