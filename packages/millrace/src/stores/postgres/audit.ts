import type { AuditOptions, AuditReport } from "../../core/store.ts";
import type { AuditDialect, Reading } from "../sql/audit-query.ts";
import { auditIn } from "../sql/audit-slices.ts";
import { presentAt, type Session } from "./session.ts";

export const DIALECT: AuditDialect = {
  table: (name) => `millrace.${name}`,
  bound: (place) => `$${place}::text::bigint`,
  present: presentAt,
  tagCount: "CASE WHEN t.tags IS NULL THEN 0 ELSE (SELECT count(*) FROM json_object_keys(t.tags::json)) END",
  jobColumns: ["awaits_number", "has_companion"],
  jobRules: [
    {
      guarantee: "G4",
      name: "awaiting",
      message: "jobs whose transaction was committed without giving them their number",
      when: "t.awaits_number",
    },
    {
      guarantee: "G8",
      name: "untold_companion",
      message: "jobs that do not tell of what travels beside them, so that it would stay when they end",
      when: "t.companion AND NOT t.has_companion",
    },
    {
      guarantee: "G3",
      name: "lost_companion",
      message: "jobs whose secrets or traces are gone before their end",
      when: "t.has_companion AND NOT t.companion AND t.done IS NULL",
    },
  ],
};

const audit = auditIn(DIALECT);

/**
 * As `Store.audit`.
 * @param read runs its work on one state of all data
 */
export async function auditData(
  read: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  options?: AuditOptions,
): Promise<AuditReport> {
  return audit((slice) => read((session) => answer(session, slice(session.now()))), options);
}

async function answer<T>(session: Session, reading: Reading<T>): Promise<T> {
  let step = reading.next();
  while (step.done !== true) step = reading.next(await session.all(step.value.statement, ...step.value.values));
  return step.value;
}
