import type { AuditPart } from "../../core/audit.ts";
import type { AuditRow, AuditRule, Reading } from "./audit-query.ts";

/** What a slice of a walk has brought, and where the next one begins. */
export interface Found<Cursor> {
  readonly found: readonly { readonly rules: readonly AuditRule[]; readonly rows: readonly AuditRow[] }[];
  /** Jobs that were looked at. */
  readonly jobs: number;
  /** `null` at the end of the walk. */
  readonly next: Cursor | null;
}

/**
 * A way through the data in slices. All statements of a slice see one state of the data, and what they find broken is
 * broken in that state: a slice compares nothing with what an earlier one has seen. Between two slices anything may move.
 */
export interface AuditWalk<Cursor> {
  readonly part: AuditPart;
  readonly start: Cursor;
  slice(cursor: Cursor, rows: number, now: number | null): Reading<Found<Cursor>>;
  /** Look once more at what a slice found; for rules that a moment can break. */
  again?(row: AuditRow, now: number | null): Reading<Found<Cursor>>;
}
