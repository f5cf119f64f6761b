import type { Companion } from "../../core/companion.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { NamedSql, Session } from "./session.ts";

const ADD: NamedSql = {
  name: "COMPANION_ADD",
  sql: `INSERT INTO millrace_companion (job, sealed, trace) VALUES (?, ?, ?)`,
};
/** Guard: job and token name the ticket in `running`. What ended has none: a trigger deletes it. */
const UNDER_LEASE: NamedSql = {
  name: "COMPANION_UNDER_LEASE",
  sql: `SELECT c.sealed, c.trace FROM millrace_job j
        CROSS JOIN millrace_running r ON r.job = j.seq AND r.token = ?2
        CROSS JOIN millrace_companion c ON c.job = j.seq
        WHERE j.id = ?1`,
};

/** Beside a job that was written a moment ago, in the same transaction. */
export function addCompanion(session: Session, job: number, { sealed, trace }: Companion): void {
  if (sealed !== null || trace !== null) session.run(ADD, job, sealed, trace);
}

/** As `Store.companions`. */
export function readCompanions(session: Session, leases: readonly LeaseRef[]): readonly (Companion | null)[] {
  return leases.map(({ job, token }) => session.get<Companion>(UNDER_LEASE, job, token) ?? null);
}
