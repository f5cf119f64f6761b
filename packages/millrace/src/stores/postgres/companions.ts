import type { Companion } from "../../core/companion.ts";
import type { JobId } from "../../core/job.ts";
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

/**
 * As `Store.companions`.
 * @param held what claims have told of jobs; of one that has nothing beside it nothing is read
 */
export async function readCompanions(
  session: Session,
  leases: readonly LeaseRef[],
  held: ReadonlyMap<JobId, { readonly hasCompanion: boolean }>,
): Promise<readonly (Companion | null)[]> {
  const companions = new Map<LeaseRef, Companion>();
  const asked = leases.filter(({ job }) => held.get(job)?.hasCompanion !== false);
  if (asked.length > 0) {
    const rows = await session.all<Companion & { readonly n: number }>(
      UNDER_LEASE,
      textArray(asked.map(({ job }) => job)),
      tokenArray(asked.map(({ token }) => token)),
    );
    for (const { n, sealed, trace } of rows) companions.set(asked[n - 1] as LeaseRef, { sealed, trace });
  }
  return leases.map((lease) => companions.get(lease) ?? null);
}
