import { RAISE_COUNTER } from "./enqueue.ts";
import type { NamedSql, Session } from "./session.ts";

const ADOPT: NamedSql = {
  name: "NUMBER_ADOPT",
  sql: `INSERT INTO millrace_counter (org, scope, last, has_holes) VALUES (?1, ?2, ?3, 1)
        ON CONFLICT (org, scope) DO UPDATE SET last = excluded.last, has_holes = 1 WHERE excluded.last >= millrace_counter.last
        RETURNING last`,
};
const MARK_HOLES: NamedSql = {
  name: "NUMBER_MARK_HOLES",
  sql: `UPDATE millrace_counter SET has_holes = 1 WHERE id = ?`,
};
const LAST: NamedSql = {
  name: "NUMBER_LAST",
  sql: `SELECT last FROM millrace_counter WHERE org = ? AND scope = ?`,
};

/** As `Store.number`, inside a transaction. */
export function takeNumbers(session: Session, org: string, scope: string, count: number): number {
  const row = session.get<{ id: number; last: number }>(RAISE_COUNTER, org, scope, count);
  if (row === undefined) throw new Error(`the counter of ${scope} was not raised`);
  session.run(MARK_HOLES, row.id);
  return row.last - count + 1;
}

/** As `Store.adoptNumbers`, inside a transaction. */
export function adoptNumbers(
  session: Session,
  org: string,
  scope: string,
  highest: number,
): { readonly status: "adopted" | "behind"; readonly last: number } {
  const adopted = session.get<{ last: number }>(ADOPT, org, scope, highest);
  if (adopted !== undefined) return { status: "adopted", last: adopted.last };
  return { status: "behind", last: session.get<{ last: number }>(LAST, org, scope)?.last ?? 0 };
}
