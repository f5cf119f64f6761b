import { numberArray, textArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

/** A record that cannot be kept, and why. */
export class UnfitRecord extends Error {}

/** A property of each of a list, as an array to unnest. */
export const texts = <T>(list: readonly T[], pick: (each: T) => string | null): string => textArray(list.map(pick));
export const numbers = <T>(list: readonly T[], pick: (each: T) => number | null): string => numberArray(list.map(pick));
export const jsonOf = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

/** The rows that records before these have made. */
export async function rowsOf(
  session: Session,
  statement: NamedSql,
  names: readonly string[],
  problemAt: (index: number) => string,
): Promise<readonly number[]> {
  const rows = await session.all<{ id: number | null }>(statement, ...names);
  return rows.map(({ id }, i) => {
    if (id === null) throw new UnfitRecord(problemAt(i));
    return id;
  });
}
