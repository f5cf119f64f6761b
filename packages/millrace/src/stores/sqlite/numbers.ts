import type { Adoption } from "../../core/number-store.ts";
import type { NamedSql, Session } from "./session.ts";

/**
 * Raise a scope's counter by ?3 in the transaction that writes the numbered rows, so that a rollback takes both back.
 * A new scope starts at ?3. Answers the last number given.
 */
const RAISE_COUNTER: NamedSql = {
  name: "NUMBER_RAISE",
  sql: `INSERT INTO millrace_counter (org, scope, last) VALUES (?1, ?2, ?3)
        ON CONFLICT (org, scope) DO UPDATE SET last = millrace_counter.last + excluded.last
        RETURNING id, last`,
};

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

/** Names hold no control characters, so no two places are written alike. */
export function placeOf(org: string, name: string): string {
  return `${org}\n${name}`;
}

/** Numbers for the jobs that will be written: every scope's counter moves once, whatever the number of jobs. */
export class Numbers {
  readonly #session: Session;
  readonly #wanted = new Map<string, { readonly org: string; readonly scope: string; count: number }>();
  readonly #given = new Map<string, { readonly id: number; next: number }>();

  constructor(session: Session) {
    this.#session = session;
  }

  want(org: string, scope: string, isNumbered: boolean): void {
    const place = placeOf(org, scope);
    const entry = this.#wanted.get(place) ?? { org, scope, count: 0 };
    if (isNumbered) entry.count += 1;
    this.#wanted.set(place, entry);
  }

  raise(): void {
    for (const [place, { org, scope, count }] of this.#wanted) {
      const row = this.#session.get<{ id: number; last: number }>(RAISE_COUNTER, org, scope, count);
      if (row !== undefined) this.#given.set(place, { id: row.id, next: row.last - count + 1 });
    }
  }

  take(org: string, scope: string, isNumbered: boolean): { readonly scope: number; readonly number: number | null } {
    const counter = this.#given.get(placeOf(org, scope));
    if (counter === undefined) throw new Error(`no counter was raised for the scope ${scope}`);
    return { scope: counter.id, number: isNumbered ? counter.next++ : null };
  }
}

/** As `Store.number`, inside a transaction. */
export function takeNumbers(session: Session, org: string, scope: string, count: number): number {
  const row = session.get<{ id: number; last: number }>(RAISE_COUNTER, org, scope, count);
  if (row === undefined) throw new Error(`the counter of ${scope} was not raised`);
  session.run(MARK_HOLES, row.id);
  return row.last - count + 1;
}

/** As `Store.adoptNumbers`, inside a transaction. */
export function adoptNumbers(session: Session, org: string, scope: string, highest: number): Adoption {
  const adopted = session.get<{ last: number }>(ADOPT, org, scope, highest);
  if (adopted !== undefined) return { status: "adopted", last: adopted.last };
  return { status: "behind", last: session.get<{ last: number }>(LAST, org, scope)?.last ?? 0 };
}
