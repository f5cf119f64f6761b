import type { Companion } from "../../core/companion.ts";
import type { LeaseRef } from "../../core/lease.ts";
import { textArray, tokenArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import { lookUpRow, type NamedSql } from "./statements.ts";

/** Guard: job and token name the ticket in `running`. */
const UNDER_LEASE: NamedSql = {
  name: "COMPANION_UNDER_LEASE",
  sql: `WITH asked AS MATERIALIZED (
      SELECT v.place, v.token, j.seq
      FROM unnest($1::text::text[], $2::text::bigint[]) WITH ORDINALITY AS v (id, token, place)
      ${lookUpRow("job", "j", "j.id = v.id")}
    ), held AS MATERIALIZED (
      SELECT a.place, a.seq FROM asked a ${lookUpRow("running", "r", "r.job = a.seq AND r.token = a.token")}
    )
    SELECT h.place AS n, c.sealed, c.trace FROM held h ${lookUpRow("companion", "c", "c.job = h.seq")}`,
};

/**
 * A part of every statement that writes to `done`: what travelled beside jobs goes in the commit in which they end.
 * @param ended a part of the statement with their rows
 */
export function dismissCompanions(ended: string): string {
  return `DELETE FROM millrace.companion c WHERE c.job = ANY (ARRAY (SELECT job FROM ${ended}))`;
}

/** As `Store.companions`. */
export async function readCompanions(
  session: Session,
  leases: readonly LeaseRef[],
): Promise<readonly (Companion | null)[]> {
  const companions = leases.map((): Companion | null => null);
  if (leases.length === 0) return companions;
  const rows = await session.all<Companion & { readonly n: number }>(
    UNDER_LEASE,
    textArray(leases.map(({ job }) => job)),
    tokenArray(leases.map(({ token }) => token)),
  );
  for (const { n, sealed, trace } of rows) companions[n - 1] = { sealed, trace };
  return companions;
}
