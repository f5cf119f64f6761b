import { StoreError } from "../../core/errors.ts";
import type { Adoption } from "../../core/number-store.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/** Numbers for rows of the user's own: no job has them, so the scope has holes from then on. */
const TAKE: NamedSql = {
  name: "NUMBER_TAKE",
  sql: `UPDATE millrace.counter SET last = last + $2::text::bigint, has_holes = true WHERE id = $1::text::bigint RETURNING last`,
};
const ADOPT: NamedSql = {
  name: "NUMBER_ADOPT",
  sql: `UPDATE millrace.counter SET last = $2::text::bigint, has_holes = true
        WHERE id = $1::text::bigint AND last <= $2::text::bigint RETURNING last`,
};
const LAST: NamedSql = {
  name: "NUMBER_LAST",
  sql: `SELECT last FROM millrace.counter WHERE id = $1::text::bigint`,
};

/** So many numbers of a scope. */
interface NumberTake {
  readonly scope: number;
  readonly count: number;
}

/**
 * As `Store.number`, for many calls: answers the first number of each. Every scope is raised once, in one order, so that
 * two calls cannot wait for each other. In a transaction of the caller the scopes wait for its end: the numbers are
 * known before.
 */
export async function takeNumbers(session: Session, requests: readonly NumberTake[]): Promise<readonly number[]> {
  const byScope = Map.groupBy(requests, ({ scope }) => scope);
  const next = new Map<number, number>();
  for (const scope of [...byScope.keys()].toSorted((a, b) => a - b)) {
    const count = (byScope.get(scope) ?? []).reduce((sum, request) => sum + request.count, 0);
    const row = await session.get<{ last: number }>(TAKE, scope, count);
    if (row === undefined) throw tooNew();
    next.set(scope, row.last - count + 1);
  }
  return requests.map(({ scope, count }) => {
    const first = next.get(scope) ?? 0;
    next.set(scope, first + count);
    return first;
  });
}

/** As `Store.adoptNumbers`. */
export async function adoptNumbers(session: Session, scope: number, highest: number): Promise<Adoption> {
  const adopted = await session.get<{ last: number }>(ADOPT, scope, highest);
  if (adopted !== undefined) return { status: "adopted", last: adopted.last };
  const counter = await session.get<{ last: number }>(LAST, scope);
  if (counter === undefined) throw tooNew();
  return { status: "behind", last: counter.last };
}

/** A transaction that sees what was there when it began does not see the scope, which is there. */
function tooNew(): StoreError {
  return new StoreError("store_busy", "the scope is newer than the transaction; repeat all of it");
}
