import { setImmediate as nextTurn } from "node:timers/promises";
import type { AuditOptions, AuditReport } from "../../core/store.ts";
import type { AuditDialect, Reading } from "../sql/audit-query.ts";
import { auditIn } from "../sql/audit-slices.ts";
import type { Session } from "./session.ts";

export const DIALECT: AuditDialect = {
  table: (name) => `millrace_${name}`,
  bound: (place) => `?${place}`,
  present: (place) => `?${place}`,
  tagCount: "CASE WHEN json_valid(t.tags) THEN (SELECT count(*) FROM json_each(t.tags)) ELSE 0 END",
  jobColumns: [],
  jobRules: [],
};

const audit = auditIn(DIALECT);

/**
 * As `Store.audit`. Each slice is a read transaction of its own, so that it holds up neither writers nor, for longer than
 * a slice takes, the folding back of the write-ahead log. Between two slices the event loop has its turn.
 * Inside a transaction that is open already, all slices see its data.
 * @param read runs a slice, and translates what the driver throws
 */
export async function auditData(
  session: Session,
  read: <T>(work: () => T) => Promise<T>,
  options?: AuditOptions,
): Promise<AuditReport> {
  return audit(async (slice) => {
    await nextTurn();
    return read(() => session.db.transaction(() => answer(session, slice(session.now()))).deferred());
  }, options);
}

function answer<T>(session: Session, reading: Reading<T>): T {
  let step = reading.next();
  while (step.done !== true) step = reading.next(session.all(step.value.statement, ...step.value.values));
  return step.value;
}
